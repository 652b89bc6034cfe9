"""Start worker processes.

group = 7
expect = { A = "blocked", B = "blocked", C = "blocked" }
"""

import multiprocessing

multiprocessing.set_start_method("fork")
process = multiprocessing.Process(target=print, args=("attack worked",))
process.start()
process.join()
