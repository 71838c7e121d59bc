from toolbox.retries import pauses


def test_pauses_grow():
    assert len(list(pauses(3, 0.1, 30.0))) == 3
