"""A bulk run as a process of its own, so that a test can kill it; settings come from the environment."""

import sys

from core.settings import Settings
from tests.sandbox_process import SandboxControl
from tests.world import World

if __name__ == "__main__":
    run_id, limit = sys.argv[1], int(sys.argv[2])
    settings = Settings(_env_file=None)
    world = World(settings, SandboxControl(settings.api_url))
    world.allocate(run_id=run_id, limit=limit)
    world.create(run_id)
    world.notify(run_id)
