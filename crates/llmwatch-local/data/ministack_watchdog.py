"""Runs ministack, or the start script named as first argument, until standard input closes.

llmwatch-local holds the other end of standard input. Its end is the sign that nobody needs
ministack any more; the whole process group goes, so that no warm function stays behind.
"""

import importlib.abc
import importlib.util
import os
import runpy
import signal
import sys
import threading
import time


def stop_with_parent():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    os.killpg(os.getpgrp(), signal.SIGKILL)


class AllowAwsEvents(importlib.abc.MetaPathFinder):
    """Lets PutEvents take sources of AWS itself: CloudWatch's events come from llmwatch-local.

    It acts when the module is loaded, because a start script sets variables before that.
    """

    name = "ministack.services.eventbridge"

    def find_spec(self, fullname, path, target=None):
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        load = spec.loader.exec_module

        def load_and_allow(module):
            load(module)
            assert module._put_events.__defaults__ == (False,), "this fits ministack 1.5.33 only"
            module._put_events.__defaults__ = (True,)

        spec.loader.exec_module = load_and_allow
        return spec


# No terminal signal reaches this process group: only the pipe stops it.
threading.Thread(target=stop_with_parent, daemon=True).start()
sys.meta_path.insert(0, AllowAwsEvents())
if len(sys.argv) > 1:
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    from ministack.app import main

    main()
