"""Messages of faults with holes: English as the pipeline or the parser says it, and the same in Indonesian.

`{}` is a hole; `{0}` the first one's value. A message without holes is in `agents.web.messages`.
"""

import re
from collections.abc import Iterator
from typing import Final

# From the parser of JSON and of values (pydantic). Its own words end where ours begin: `agents.web.messages`.
_PARSER: Final = {
    "Input should be greater than or equal to {}": "isi dengan angka paling sedikit {0}",
    "Input should be less than or equal to {}": "isi dengan angka paling banyak {0}",
    "Input should be greater than {}": "isi dengan angka lebih dari {0}",
    "Input should be less than {}": "isi dengan angka kurang dari {0}",
    "Input should be a valid date in the format YYYY-MM-DD, {}": "tulis tanggal yang ada dalam kalender, YYYY-MM-DD",
    "Input should be a valid date or datetime, {}": "tulis tanggal yang ada dalam kalender, YYYY-MM-DD",
    "Input should be a valid date{}": "tulis tanggal yang ada dalam kalender, YYYY-MM-DD",
    "Datetimes provided to dates should have zero time - e.g. be exact dates": "tulis tanggal saja, YYYY-MM-DD",
    "Input should be a valid datetime{}": "tulis waktu yang ada: tanggal dalam kalender, jam 00 sampai 23, menit 00 "
    "sampai 59, YYYY-MM-DDThh:mm:ss+07:00",
    "Input should have timezone info": "sebutkan juga selisih dari UTC, misalnya +07:00",
    "Input should be a valid integer{}": "tulis bilangan bulat",
    "Unable to parse input string as an integer, exceeded maximum size": "tulis bilangan bulat yang lebih kecil",
    "Input should be a valid list": "tulis daftar dalam kurung siku",
    "Input should be a valid string{}": "tulis teks dalam tanda kutip, dalam UTF-8",
    "Input should be a valid dictionary or {}": "tulis objek dalam kurung kurawal",
    "Input should be an object": "tulis objek dalam kurung kurawal",
    "{} should have at most {} item{}, not {}": "paling banyak {1} isian; ada {3}",
    "{} should have at least {} item{}, not {}": "paling sedikit {1} isian; ada {3}",
    "String should have at most {} character{}": "paling banyak {0} karakter",
    "String should have at least {} character{}": "paling sedikit {0} karakter",
    "String should match pattern '{}'": "tulis menurut pola {0}",
    "Field required": "belum ada; tambahkan",
    "Extra inputs are not permitted": "bagian tidak dikenal; hapus, atau betulkan namanya",
}
_DOORS: Final = {
    "line {}, column {}: these bytes are no UTF-8; write JSON in UTF-8": (
        "baris {0}, kolom {1}: byte ini bukan UTF-8; tulis JSON dalam UTF-8"
    ),
    "line {}, column {}: no JSON from here on; check quotes, commas and brackets": (
        "baris {0}, kolom {1}: mulai dari sini bukan JSON; periksa tanda kutip, koma, dan kurung"
    ),
    "write {}/{}": "tulis {0}/{1}",
    "write 1 to {} letters": "tulis 1 sampai {0} huruf",
    "more than {} members; ask for one cooperative": "lebih dari {0} peserta; minta per koperasi",
    "write the name in {} to {} letters": "tulis namanya dalam {0} sampai {1} huruf",
    "write a name with three letters a to z in a row: others are not searched": (
        "tulis nama dengan tiga huruf a sampai z berurutan: nama lain tidak dicari"
    ),
    "write at most {} letters of the number": "tulis paling banyak {0} huruf dari nomornya",
    "write why, in 1 to {} letters, without a NIK": "tulis alasannya, 1 sampai {0} huruf, tanpa NIK",
    "unknown field; only these are read: {}": "bagian tidak dikenal; hanya ini yang dibaca: {0}",
    "write {} for one event, {} for several, or {} for the data alone, with headers ce-…": (
        "tulis {0} untuk satu kejadian, {1} untuk beberapa, atau {2} untuk `data` saja bersama header ce-…"
    ),
    "a SHA-256 has 64 letters from 0 to f": "SHA-256 terdiri dari 64 huruf 0 sampai f",
    "the period ends before it begins: give a day after the first one": (
        "masa itu berakhir sebelum dimulai: berikan hari setelah hari pertama"
    ),
    "the law is known from {} through {}; give a day between": (
        "peraturan dikenal dari {0} sampai {1}; berikan hari di antaranya"
    ),
    "a password has {} to {} letters; a sentence is a good one": (
        "kata sandi terdiri atas {0} sampai {1} huruf; sebuah kalimat sangat baik"
    ),
    "{} is no kind of principal; write one of {}": "jenis pelaku tidak dikenal; pilih salah satu: {1}",
    "the event has more than {} bytes, which is the most that is read": (
        "kejadian ini lebih dari {0} byte, yaitu yang paling banyak dibaca"
    ),
    "you have put no paper of this SHA-256; put it first: {}": (
        "Anda belum menyimpan dokumen dengan SHA-256 ini; simpan dahulu: {0}"
    ),
    "lies after today; write a day that has come": "tanggal ini belum tiba; tulis hari ini atau hari sebelumnya",
}
_INTAKE: Final = {
    "at most {} extension attributes are allowed": "paling banyak {0} atribut tambahan",
    "an extension attribute is a text, a whole number or a truth value, up to {} letters": (
        "atribut tambahan adalah teks, bilangan bulat, atau nilai benar/salah, paling banyak {0} huruf"
    ),
    "the character U+{} is not allowed in text; remove it": "karakter U+{0} tidak boleh dalam teks; hapus",
    "the character U+{} cannot be seen; remove it": "karakter U+{0} tidak terlihat; hapus",
    "a letter has more than {} marks; remove some": "satu huruf memiliki lebih dari {0} tanda; hapus sebagian",
    "write urn:santunan:KIND:WHO, with KIND one of {}": "tulis urn:santunan:JENIS:NAMA, dengan JENIS salah satu: {0}",
    "{} does not belong in {}; send it to {}": "{0} tidak diterima di {1}; kirim ke {2}",
    "a source of kind {} may not write this section; it comes from: {}": (
        "{0} tidak boleh mengisi bagian ini; yang boleh: {1}"
    ),
    "a source of kind {} may not write {}; it comes from: {}": "{0} tidak boleh mengirim {1}; yang boleh: {2}",
    "lies more than {} minutes after the event was received; {}": (
        "lebih dari {0} menit sesudah kejadian diterima; betulkan jam pengirim, dan perhatikan selisih dari UTC"
    ),
    "holds milliseconds since 1970, UTC, in digits, up to the year {}": (
        "berisi milidetik sejak 1970, UTC, dalam angka, sampai tahun {0}"
    ),
    "a bug of Santunan ({}); {}": (
        "kesalahan program Santunan; tidak ada dari kejadian ini yang dipakai: laporkan kepada pengelola sistem"
    ),
}
_CLAIMS: Final = {
    "this id already names a {} claim; give the {} claim an id of its own": (
        "nomor ini sudah dipakai klaim {0}; beri klaim {1} nomor sendiri"
    ),
    "claim {} pays {} for the same person and event already, and it is paid once: {}": (
        "klaim {0} sudah membayar “{1}” untuk orang dan kejadian yang sama, dan manfaat itu dibayar sekali: hapus dari "
        "klaim ini, atau tolak atau ubah dahulu klaim {0}"
    ),
    "advice settles no {}; what the labour inspector or {}": (
        "nasihat tidak menjawab “{0}”; yang ditetapkan pengawas ketenagakerjaan atau menteri ada di bagian "
        "`determination`, dan selebihnya diputuskan petugas"
    ),
    "the claim is REJECTED by {}, of which this says nothing: write `liable`{}": (
        "klaim ditolak karena “{0}”, dan kiriman ini tidak menjawabnya: isi `liable`, siapa yang wajib membayar"
    ),
    "the claim is REJECTED by {}, of which this says nothing: write {}": (
        "klaim ditolak karena “{0}”, dan kiriman ini tidak menjawabnya: isi {1}"
    ),
    "the claim is REJECTED by {}, of which this says nothing: money is paid {}": (
        "klaim ditolak karena “{0}”, dan kiriman ini tidak menjawabnya: uang dibayarkan kepada peserta program; minta "
        "kantor mendaftarkan atau membetulkan datanya dahulu"
    ),
    "the claim is REJECTED by {}, of which this says nothing: no determination {}": (
        "klaim ditolak karena “{0}”, yang tidak dijawab penetapan; keluarga dapat berkeberatan, dan petugas memutuskan"
    ),
    "this person has {} claims already; only the office may add another": (
        "orang ini sudah punya {0} klaim; hanya kantor yang boleh menambah"
    ),
    "this claim has {} events already; only the office may add another": (
        "klaim ini sudah punya {0} kiriman; hanya kantor yang boleh menambah"
    ),
    "{} membership numbers have this NIK already; find out whose it is, and correct them": (
        "sudah {0} nomor peserta memakai NIK ini; cari tahu milik siapa, dan betulkan"
    ),
    # What an officer reads whose ruling cannot be.
    "an approval does not settle {}: {}": (
        "persetujuan saja tidak menjawab “{0}”; ubah jumlah manfaat, tolak klaim, atau minta kantor membetulkan isinya"
    ),
    "made on revision {}, but the claim is at revision {} {}": (
        "dibuat atas versi {0}, padahal klaim sudah versi {1}; baca kembali, lalu putuskan lagi"
    ),
    "nothing waits for an officer: {}": (
        "tidak ada yang menunggu petugas; ubah jumlah manfaat, tolak klaim, atau minta dinilai kembali"
    ),
    "{} does not wait for an answer; open are {}": "“{0}” tidak menunggu jawaban; yang terbuka: “{1}”",
    "choose among the {} children {}": ("pilih di antara {0} anak dalam klaim menurut urutannya, masing-masing sekali"),
    "a {} claim has no {}; leave the line out": "klaim {0} tidak memiliki “{1}”; hapus baris itu",
    "{} is paid after a death, and this claim tells of none; leave the line out": (
        "“{0}” dibayar setelah kematian, dan klaim ini tidak menyebutnya; hapus baris itu"
    ),
    "Rp{} was settled, but Rp{} was ordered; settle what was ordered": (
        "dibayar Rp{0}, padahal diperintahkan Rp{1}; bayar sesuai perintah"
    ),
    "received on {}, so it cannot be settled on {}; send the day it was paid": (
        "diterima pada {0}, jadi tidak mungkin dibayar pada {1}; kirim hari pembayarannya"
    ),
}
TEMPLATES: Final = {**_DOORS, **_INTAKE, **_CLAIMS, **_PARSER, "write {}": "tulis {0}"}
# In the order of the table: what says more stands before what says less.
PATTERNS: Final = tuple(
    (re.compile("(.*?)".join(map(re.escape, one.split("{}"))), re.DOTALL), one) for one in TEMPLATES
)


def found_in(message: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The Indonesian of a message, with its holes, and what was in them."""
    for pattern, english in PATTERNS:
        if found := pattern.fullmatch(message):
            yield TEMPLATES[english], found.groups()
