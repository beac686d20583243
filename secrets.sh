#!/bin/sh
# Makes the secrets of docker-compose.yml in the folder `secrets`, once: an authority, a certificate for each broker, a
# password for each principal of the broker and each role of the database. Needs openssl.
#
# The folder is open to its owner alone. The files in it can be read by everybody, since the containers that get one of
# them run as other users.
set -eu
mkdir -m 700 secrets # ends here where they are made already
cd secrets
# `authority.key` signs; no container gets it.
new_key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $new_key -days 3650 -subj /CN=Authority -keyout authority.key -out authority 2> openssl.log
for broker in kafka-1 kafka-2 kafka-3; do
  openssl req $new_key -subj "/CN=$broker" -keyout key -out request 2>> openssl.log
  echo "subjectAltName=DNS:$broker,IP:127.0.0.1" > extension
  openssl x509 -req -in request -CA authority -CAkey authority.key -CAcreateserial -days 3650 \
    -extfile extension -out certificate 2>> openssl.log
  cat key certificate > "$broker"
done
rm -f key request extension certificate openssl.log authority.srl

password() { openssl rand -hex 24 | tr -d '\n'; }
openssl rand -hex 32 > attestation # by which workers know what gateway and operator let in
openssl rand -hex 32 > sealing # of secrets that the database holds
openssl rand -hex 32 > nik # under which columns of the database hold NIKs
for role in superuser owner worker gateway webhooks reader; do password > "postgresql_$role"; done
{
  echo 'KafkaServer {'
  echo '  org.apache.kafka.common.security.plain.PlainLoginModule required'
  for principal in broker admin gateway worker operator payments console; do
    password > "kafka_$principal"
    if [ "$principal" = broker ]; then
      printf '  username="broker"\n  password="%s"' "$(cat kafka_broker)"
    fi
    printf '\n  user_%s="%s"' "$principal" "$(cat "kafka_$principal")"
  done
  printf ';\n};\n'
} > kafka_users
chmod 644 -- *
chmod 600 authority.key
