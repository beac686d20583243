"""A NIK under a key: the same text each time, opened by this key alone, and never the NIK."""

import random

import pytest

from pipeline.errors import NotReady
from pipeline.nik_key import NikKey, is_nik, is_sealed
from tests.support import events as e

KEY, OTHER = NikKey(b"a" * 64), NikKey(b"b" * 64)
NOT_NIKS = ("20000000033", "known:" + "0f" * 32, "", "36710101018000031", "３６７１０１０１０１８００００３")


def test_a_nik_is_read_back_and_is_always_the_same_text() -> None:
    dice = random.Random(1)
    niks = [f"{dice.randrange(10**16):016}" for _ in range(2000)] + ["0" * 16, "9" * 16]
    stored = [KEY.stored(nik) for nik in niks]
    assert [KEY.read(one) for one in stored] == niks
    assert stored == [NikKey(b"a" * 64).stored(nik) for nik in niks] and len(set(stored)) == len(set(niks))
    assert {len(one) for one in stored} == {54} and not any(map(is_nik, stored))
    assert not set(stored) & {OTHER.stored(nik) for nik in niks}


def test_what_is_no_nik_stays_as_it_is() -> None:
    for one in NOT_NIKS:
        assert KEY.stored(one) == one == KEY.read(one) and not is_sealed(one, is_id=False)


def test_another_key_opens_nothing_and_a_changed_letter_is_noticed() -> None:
    stored = KEY.stored(e.NIK)
    changed = stored[:-1] + ("0" if stored[-1] != "0" else "1")
    for key, text in ((OTHER, stored), (KEY, changed)):
        with pytest.raises(NotReady, match="another key: set SANTUNAN_NIK_KEY_FILE") as caught:
            key.read(text)
        assert e.NIK not in str(caught.value)


def test_niks_with_the_same_first_twelve_digits_begin_alike_and_others_do_not() -> None:
    near = KEY.near(e.NIK[:12])
    assert KEY.stored(e.NIK).startswith(near) and KEY.stored(f"{e.NIK[:12]}9999").startswith(near)
    assert not KEY.stored(f"{int(e.NIK[:12]) + 1}{e.NIK[12:]}").startswith(near)
    assert OTHER.near(e.NIK[:12]) != near


def test_the_id_of_a_known_worker_does_not_lead_to_the_nik() -> None:
    known = "0f" * 32
    stored = KEY.stored_id(known)
    assert KEY.read_id(stored) == known and known not in stored and is_sealed(stored, is_id=True)
    with pytest.raises(NotReady):
        OTHER.read_id(stored)
    assert KEY.stored_id("short") == "short" == KEY.read_id("short")


def test_a_key_is_not_shown() -> None:
    assert repr(KEY) == f"NikKey({KEY.fingerprint})" and KEY.fingerprint != OTHER.fingerprint
    assert "a" * 8 not in repr(KEY)
