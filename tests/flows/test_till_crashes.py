"""Tills race for coupons over HTTP while workers and PostgreSQL are killed: nothing is lost."""

from tests.benchmarks import till_races


def test_no_redemption_is_lost_doubled_or_told_in_two_ways_when_servers_die():
    proof = till_races.prove(coupons=100, tills=4, worker_kills=2, postgres_kills=1, workers=2)
    assert proof.is_proven, proof
    assert (proof.redemptions, proof.answers) == (100, 800)
