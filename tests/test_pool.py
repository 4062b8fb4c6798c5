import signal
import sys
import threading
import time

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.pool import interruptible


def test_results_and_errors_come_through():
    assert interruptible(lambda stop: (stop.shape, stop.dtype, int(stop[0]))) == ((1,), np.uint8, 0)

    def fails(stop):
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        interruptible(fails)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to a thread")
def test_ctrl_c_ends_a_long_search():
    net = rj.Ensemble.berlyand_slavin(100, 12).draw(0)
    rj.find_fixed_points(net, "interval", max_boxes=500)  # compile
    main = threading.main_thread().ident
    timer = threading.Timer(1.0, lambda: signal.pthread_kill(main, signal.SIGINT))
    # As Python starts: importing dask_jobqueue, in another test of this process, sets a handler of its own.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    start = time.monotonic()
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            rj.find_fixed_points(net, "interval", max_boxes=10**9)
    finally:
        signal.signal(signal.SIGINT, before)
    # Without the flag this takes minutes; how many is the machine's affair.
    assert time.monotonic() - start < 30.0
