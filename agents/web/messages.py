"""Messages of faults in Indonesian, where the pipeline says them in English alone. What has no translation stays."""

import re
from collections.abc import Mapping
from typing import Final, get_args

from agents.web.wordings import found_in
from pipeline.explain import NoText, line_name, short
from schemas.codes import LineCode

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
    "ends before it is complete; write it on one line, or alone in a file whose name ends in .json": (
        "berakhir sebelum lengkap; tulis pada satu baris"
    ),
    "the body is empty; write JSON": "kiriman kosong; tulis JSON",
    "is nested too deeply; write fewer braces and brackets within one another": (
        "terlalu dalam; kurangi kurung yang saling melingkupi"
    ),
    "write: Bearer, a blank, and a key that is valid": "tulis: Bearer, spasi, dan kunci yang berlaku",
    "write application/json": "tulis application/json",
    "leave it out; nothing compressed is read": "kosongkan; kiriman terkompresi tidak dibaca",
    "write charset=utf-8, or leave it out": "tulis charset=utf-8, atau kosongkan",
    "is more than is read here; send less at once": "lebih besar dari yang dibaca di sini; kirim lebih sedikit",
    "was used for other content before; send this under a new one": (
        "sudah dipakai untuk isi lain; kirim ini dengan nomor baru"
    ),
    "use printable ASCII characters only; texts belong in data": (
        "gunakan karakter ASCII yang dapat dicetak saja; teks ada di `data`"
    ),
    "an extension attribute is named by 1 to 20 lower-case letters or digits": (
        "atribut tambahan bernama 1 sampai 20 huruf kecil atau angka"
    ),
    "say what was determined: `work_related`, `disability_percent` or `liable`": (
        "sebutkan yang ditetapkan: `work_related`, `disability_percent`, atau `liable`"
    ),
    "`until` lies before `since`": "`until` mendahului `since`",
    "a change names the lines it changes in `changes`": "perubahan menyebut manfaat yang diubah dalam `changes`",
    "a request for papers names them in `documents`": "permintaan dokumen menyebutnya dalam `documents`",
    "a person is named with 1 to 64 small letters, digits and . _ -, such as siti": (
        "orang bernama 1 sampai 64 huruf kecil, angka dan . _ -, misalnya siti"
    ),
    "holds 16 digits in a row, as a NIK has, and is repeated where a NIK may not stand; choose a name that tells "
    "nothing, and split a long number with a dash": (
        "berisi 16 angka berturut-turut seperti NIK, padahal nama ini diulang di tempat yang tidak boleh memuat NIK; "
        "pilih nama yang tidak menyebut apa pun, dan pisahkan nomor panjang dengan tanda hubung"
    ),
    "no claim of this id was received; check the id": "belum ada klaim dengan nomor ini; periksa nomornya",
    "this source has sent another event under this id; nothing changed: send it under a new id": (
        "pengirim ini sudah memakai nomor ini untuk kiriman lain; tidak ada yang berubah: kirim dengan nomor baru"
    ),
    "was received, by the clock that says so, more than a day after all other events and after now: set that clock "
    "(of the broker, of the machine that submitted, or the event's own `time` in history), then retry it or send "
    "it again": "menurut jam penerima, datang lebih dari sehari sesudah semua yang lain; pengelola membetulkan jam itu",
    "names another person than the claim; check the claim id and the membership number. Where the claim itself names "
    "the wrong person, only the office may correct it": (
        "menyebut orang lain daripada klaimnya; periksa nomor klaim dan nomor peserta. Bila klaim itu sendiri menyebut "
        "orang yang salah, hanya kantor yang boleh membetulkannya"
    ),
    "this id names a claim that another source has opened: give your claim an id of its own, or send what you know as "
    "evidence (santunan.claim.evidence.v1) with this id and the membership number": (
        "nomor ini milik klaim yang dibuka pihak lain: beri klaim Anda nomor sendiri, atau kirim yang Anda ketahui "
        "sebagai bukti (santunan.claim.evidence.v1) dengan nomor ini dan nomor peserta"
    ),
    "this number is registered under another NIK; only the office may correct it": (
        "nomor ini terdaftar dengan NIK lain; hanya kantor yang boleh membetulkannya"
    ),
    "this member is registered by another employer; an employer writes its own members only, and its source "
    "ends with its number (NPP) in small letters": (
        "peserta ini didaftarkan pemberi kerja lain; pemberi kerja hanya menulis pesertanya sendiri, dan `source`-nya "
        "berakhir dengan nomornya (NPP) dalam huruf kecil"
    ),
    "you submitted this claim, concluded or advised on it; another officer must rule on it": (
        "Anda mengirim, menyimpulkan, atau memberi nasihat atas klaim ini; petugas lain harus memutuskannya"
    ),
    "you made this ruling yourself; above the limit another officer must confirm it": (
        "Anda sendiri yang membuat putusan ini; di atas batas, petugas lain harus menyetujuinya"
    ),
    "no registration of this person, and no cover, began on this day; write the day of the registration": (
        "tidak ada pendaftaran atau kepesertaan orang ini yang mulai pada hari itu; tulis hari pendaftarannya"
    ),
    "the claim tells of no disability; send `medical` with what was lost before or with its percentage": (
        "klaim tidak menyebut cacat; kirim `medical` dengan bagian yang hilang atau persentasenya"
    ),
    "a key has no second factor; sign in as a person, and send it then": (
        "kunci tidak memiliki faktor kedua; masuklah sebagai orang, lalu kirim"
    ),
    "is missing or not by our key: the record came past the gateway, so who sent it is not known. Find out who can "
    "write this topic; if the event is good, a retry by an operator attests it": (
        "tidak ada atau bukan dengan kunci kami: kiriman ini tidak lewat pintu masuk, jadi pengirimnya tidak "
        "diketahui. Cari tahu siapa yang dapat menulis ke topik ini; bila kejadiannya benar, pengelola sistem dapat "
        "mengirimnya ulang"
    ),
    "keep `source` and `id` as they came: a corrected event is still its sender's": (
        "biarkan `source` dan `id` seperti aslinya: kiriman yang dibetulkan tetap milik pengirimnya"
    ),
    "name an officer who may act, such as urn:santunan:officer:siti": (
        "sebutkan petugas yang berwenang, misalnya urn:santunan:officer:siti"
    ),
    "lies after now; write a time that has come": "belum tiba; tulis waktu yang sudah lewat",
    "give either a revision or a time": "tulis revisi atau waktu, salah satu saja",
    "is no time; write it as 2026-11-20T14:00:00+07:00, or a day": (
        "bukan waktu; tulis seperti 2026-11-20T14:00:00+07:00, atau suatu hari"
    ),
    "the day of the list is yet to come; write the day it was made": (
        "hari daftar ini belum tiba; tulis hari daftar itu dibuat"
    ),
    "this claim does not wait for an officer; read it again": (
        "klaim ini tidak menunggu petugas; baca kembali klaimnya"
    ),
    "no payout of this id was ordered for the claim; check it against the payout that was ordered": (
        "tidak ada pembayaran dengan nomor ini untuk klaim itu; periksa pada perintah pembayaran"
    ),
}
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_LINES: Final = frozenset(get_args(LineCode))
_KINDS: Final[Mapping[str, str]] = {
    "auditor": "auditor",
    "clinic": "klinik",
    "cooperative": "koperasi",
    "desk": "layanan keluarga",
    "employer": "pemberi kerja",
    "hospital": "rumah sakit",
    "office": "kantor cabang",
    "officer": "petugas",
    "operator": "pengelola sistem",
    "payments": "bagian pembayaran",
    "system": "sistem",
}


def in_indonesian(message: str) -> str:
    """The message, or itself where it has no translation; a test holds that each has one."""
    if message in _SAID:
        return _SAID[message]
    if message.startswith("Input should be '"):  # a list of what may be written
        return message.replace("Input should be", "isi dengan").replace(" or ", " atau ")
    for said, holes in found_in(message):
        return said.format(*map(_filled, holes))
    return message


def _filled(hole: str) -> str:
    """Codes, lines and kinds of senders in words; all else as it is."""
    parts = hole.split(", ")
    if all(one in _KINDS for one in parts):
        return ", ".join(_KINDS[one] for one in parts)
    if hole in _LINES:
        return line_name(hole, "id")
    if ": " in hole:  # of two things that may be written, each with what it is
        return hole
    return _CODE.sub(_worded, hole)


def _worded(code: re.Match[str]) -> str:
    try:
        return short(code[0], "id")
    except NoText:
        return code[0]
