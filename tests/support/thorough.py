"""Whether this is `./dev test thorough`: what takes long and seldom finds more than a part of it
does is done in full then, and otherwise, as in CI, in part."""

import os

THOROUGH = "LATCHKEY_THOROUGH" in os.environ
