"""What every worker imports: a server that forks them imports it once, and this module has it do so."""

from __future__ import annotations

from . import worker

worker.warm_up()
