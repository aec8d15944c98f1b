"""The delivery suite, test for test, on the cluster: through nginx, or at a node where that node is stopped or killed."""

from tests.system.delivery.test_bad_days import *  # noqa: F403
from tests.system.delivery.test_cursors import *  # noqa: F403
from tests.system.delivery.test_promises_of_the_log import *  # noqa: F403
from tests.system.delivery.test_promises_of_the_poll import *  # noqa: F403
from tests.system.delivery.test_receipts import *  # noqa: F403
from tests.system.delivery.test_sessions import *  # noqa: F403
from tests.system.delivery.test_stopping import *  # noqa: F403
from tests.system.delivery.test_typing_and_presence import *  # noqa: F403
