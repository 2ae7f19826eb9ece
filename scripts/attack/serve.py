"""`dynastrata` with weak hashing: an attack is to spend its time on requests, not on passwords."""

import argon2

from api.cli.main import main
from api.container import Container
from infrastructure.system.passwords import Argon2Hasher

WEAK = Argon2Hasher(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

if __name__ == "__main__":
    with Container.password_hasher.override(WEAK):
        main()
