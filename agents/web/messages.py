"""Messages of faults in Indonesian, where the pipeline says them in English alone. What has no translation stays."""

import re
from collections.abc import Mapping
from typing import Final

from pipeline.explain import short

_SAID: Final[Mapping[str, str]] = {
    "is missing; add an id of your own for this report, and the same one when it is sent again": (
        "belum ada; tambahkan nomor Anda sendiri untuk laporan ini, dan nomor yang sama bila dikirim ulang"
    ),
    "is missing; add it": "belum ada; tambahkan",
    "unknown parameter; remove it, or correct its name": "parameter tidak dikenal; hapus, atau betulkan namanya",
    "is given twice; keep one of them": "disebut dua kali; sisakan satu",
    "this is no cursor of this list; give the one of the page before": (
        "ini bukan `cursor` daftar ini; berikan `cursor` dari halaman sebelumnya"
    ),
    "differs from the claim in the address; leave it out": "berbeda dari klaim dalam alamat; hilangkan",
    "unknown field; remove it, or correct its name": "bagian tidak dikenal; hapus, atau betulkan namanya",
    "write a whole number, without quotes, decimal point or exponent": (
        "tulis bilangan bulat, tanpa tanda kutip, koma desimal atau eksponen"
    ),
    "write true or false, without quotes": "tulis true atau false, tanpa tanda kutip",
    "write a text in quotes": "tulis teks dalam tanda kutip",
    "write a list in square brackets": "tulis daftar dalam kurung siku",
    "write an object in braces": "tulis objek dalam kurung kurawal",
    "write one document, in braces; of a list, write each on a line of its own": (
        "tulis satu dokumen dalam kurung kurawal; dari sebuah daftar, tulis satu per baris"
    ),
    "give the offset from UTC too, for example +07:00": "sebutkan juga selisih dari UTC, misalnya +07:00",
    "a NIK has exactly 16 digits, 0 to 9": "NIK terdiri atas tepat 16 angka, 0 sampai 9",
    "a membership number (KPJ) has exactly 11 digits or capital letters": (
        "nomor peserta (KPJ) terdiri atas tepat 11 angka atau huruf besar"
    ),
    "an employer number (NPP) has exactly 8 digits or capital letters": (
        "nomor perusahaan (NPP) terdiri atas tepat 8 angka atau huruf besar"
    ),
    "a claim id has 1 to 64 letters, digits or . _ : - and begins with a letter or digit": (
        "nomor klaim terdiri atas 1 sampai 64 huruf, angka atau . _ : - dan diawali huruf atau angka"
    ),
    "a project number has 1 to 32 digits, capital letters or . / -": (
        "nomor proyek terdiri atas 1 sampai 32 angka, huruf besar atau . / -"
    ),
    'write a percentage from 0 to 100 as text with at most two decimals, like "4.5"': (
        'tulis persentase dari 0 sampai 100 sebagai teks dengan paling banyak dua desimal, misalnya "4.5"'
    ),
    "write a month as YYYY-MM": "tulis bulan sebagai YYYY-MM",
    "write application/json, or leave it out; JSON in UTF-8 is all that is read": (
        "tulis application/json, atau kosongkan; hanya JSON dalam UTF-8 yang dibaca"
    ),
    "write dates as YYYY-MM-DD and times as YYYY-MM-DDThh:mm:ss+07:00": (
        "tulis tanggal sebagai YYYY-MM-DD dan waktu sebagai YYYY-MM-DDThh:mm:ss+07:00"
    ),
    "the year must lie between 1900 and 2100": "tahun harus di antara 1900 dan 2100",
    "use printable ASCII characters only": "gunakan karakter ASCII yang dapat dicetak saja",
    "name the member by `member_number`, by `nik`, or by both": (
        "sebutkan peserta dengan `member_number`, `nik`, atau keduanya"
    ),
    "an occupational disease needs `diagnosed_on`": "penyakit akibat kerja memerlukan `diagnosed_on`",
    "write a membership number (KPJ: 11 digits or capital letters) or a NIK (16 digits)": (
        "tulis nomor peserta (KPJ: 11 angka atau huruf besar) atau NIK (16 angka)"
    ),
    "a password has 12 to 256 letters; a sentence is a good one": (
        "kata sandi terdiri atas 12 sampai 256 huruf; sebuah kalimat sangat baik"
    ),
    "this password is among the first that are tried; take several words that nobody joins": (
        "kata sandi ini termasuk yang pertama dicoba orang; pakailah beberapa kata yang tidak biasa digabung"
    ),
    "a name has 1 to 64 small letters, digits and . _ -, and begins with a letter or a digit": (
        "nama terdiri atas 1 sampai 64 huruf kecil, angka dan . _ -, dan diawali huruf atau angka"
    ),
    "a name with 16 digits in a row could be a NIK, and names stand in logs; choose another one": (
        "nama dengan 16 angka berturut-turut bisa jadi NIK, padahal nama tercatat di log; pilih nama lain"
    ),
    "the two passwords differ; type the same one twice": "kedua kata sandi berbeda; ketik yang sama dua kali",
    "the key stands twice in one object; keep one of them": "nama ini ada dua kali dalam satu objek; sisakan satu",
    "missing or unknown; see `santunan schemas` for the types this version reads": (
        "tidak ada atau tidak dikenal; `santunan schemas` menyebut jenis yang dibaca"
    ),
    "you acted on this claim under another name; another person must rule on it": (
        "Anda sudah bertindak atas klaim ini dengan nama lain; orang lain harus memutuskannya"
    ),
    "write an address such as https://klinik.example/santunan, without user, password, # or blanks": (
        "tulis alamat seperti https://klinik.example/santunan, tanpa nama pengguna, kata sandi, # atau spasi"
    ),
    "begin with https://; what is posted must not be read on its way": (
        "awali dengan https://; yang dikirim tidak boleh terbaca di perjalanan"
    ),
    "the name of this host leads nowhere; correct it, or try again when it is known": (
        "nama host ini tidak ditemukan; betulkan, atau coba lagi setelah terdaftar"
    ),
    "the host is in a private network; give one that is reached from the internet, or ask the operator": (
        "host ini berada di jaringan pribadi; berikan yang terjangkau dari internet, atau tanyakan kepada pengelola"
    ),
    "you have as many webhooks as one may have; delete one first": (
        "jumlah webhook Anda sudah paling banyak; hapus salah satu lebih dahulu"
    ),
}
_BOUND: Final = re.compile(r"Input should be (greater|less) than or equal to (\d+)")
# What an officer reads whose ruling cannot be; codes in it are said in words.
_RULINGS: Final[Mapping[str, str]] = {
    r"an approval does not settle ([A-Z0-9_, ]+): .*": (
        "persetujuan saja tidak menjawab “{0}”; ubah jumlah manfaat, tolak klaim, atau minta kantor membetulkan isinya"
    ),
    r"made on revision (\d+), but the claim is at revision (\d+) .*": (
        "dibuat atas versi {0}, padahal klaim sudah versi {1}; baca kembali, lalu putuskan lagi"
    ),
    r"nothing waits for an officer: .*": (
        "tidak ada yang menunggu petugas; ubah jumlah manfaat, tolak klaim, atau minta dinilai kembali"
    ),
    r"([A-Z0-9_, ]+) does not wait for an answer; open are ([A-Z0-9_, ]+)": (
        "“{0}” tidak menunggu jawaban; yang terbuka: “{1}”"
    ),
    r"choose among the (\d+) children .*": (
        "pilih di antara {0} anak dalam klaim menurut urutannya, masing-masing sekali"
    ),
}
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{2,}")


def in_indonesian(message: str) -> str:
    if message in _SAID:
        return _SAID[message]
    if message.startswith("Input should be '"):  # a list of what may be written
        return message.replace("Input should be", "isi dengan").replace(" or ", " atau ")
    if found := _BOUND.fullmatch(message):
        return f"isi dengan angka {'paling sedikit' if found[1] == 'greater' else 'paling banyak'} {found[2]}"
    for pattern, said in _RULINGS.items():
        if found := re.fullmatch(pattern, message):
            return said.format(*(_CODE.sub(lambda code: short(code[0], "id"), one) for one in found.groups()))
    return message
