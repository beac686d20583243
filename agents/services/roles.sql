-- The roles of the database: owner changes tables, worker reads and writes them, gateway, webhooks and reader read them.
-- What gateway and webhooks write, the migrations grant them (0006, 0008, 0009, 0012 to 0016), and webhooks' secrets are theirs alone.
-- Run once by psql as a superuser in the database of the store; passwords come from the environment. docker-compose.yml
-- and `santunan services up --secured` run this file. Tables that the owner makes later have the same rights.
\set ON_ERROR_STOP on
\getenv owner_password SANTUNAN_OWNER_PASSWORD
\getenv worker_password SANTUNAN_WORKER_PASSWORD
\getenv gateway_password SANTUNAN_GATEWAY_PASSWORD
\getenv webhooks_password SANTUNAN_WEBHOOKS_PASSWORD
\getenv reader_password SANTUNAN_READER_PASSWORD
BEGIN;
CREATE ROLE santunan_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE santunan_worker LOGIN PASSWORD :'worker_password';
CREATE ROLE santunan_gateway LOGIN PASSWORD :'gateway_password';
CREATE ROLE santunan_webhooks LOGIN PASSWORD :'webhooks_password';
CREATE ROLE santunan_reader LOGIN PASSWORD :'reader_password';
REVOKE ALL ON DATABASE santunan FROM PUBLIC;
ALTER DATABASE santunan OWNER TO santunan_owner;
GRANT CONNECT ON DATABASE santunan TO santunan_worker, santunan_gateway, santunan_webhooks, santunan_reader;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO santunan_owner;
GRANT USAGE ON SCHEMA public TO santunan_worker, santunan_gateway, santunan_webhooks, santunan_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE santunan_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO santunan_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE santunan_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO santunan_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE santunan_owner IN SCHEMA public
    GRANT SELECT ON TABLES TO santunan_gateway, santunan_webhooks, santunan_reader;
COMMIT;
