"""`make mutants` and `make faults` run apart and rarely: what they take out has to be there when they do."""

from __future__ import annotations

import pytest

from tests.faults.bench.mutants import MUTATIONS
from tests.mutants import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.mechanism)
def test_what_a_mutant_takes_out_stands_in_its_file_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_the_faults_take_out_stands_in_its_file_once(name: str) -> None:
    for file, there, _ in MUTATIONS[name]:
        assert (ROOT / file).read_text().count(there) == 1, there
