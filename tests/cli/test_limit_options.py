import json

import pytest

from tests.cli.running import run
