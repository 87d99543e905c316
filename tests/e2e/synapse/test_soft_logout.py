"""A session ends by policy, /sync says so, and after signing in again to the same device the old
messages and the new ones can be read: matrix-nio with vodozemac, and matrix-js-sdk with its rust
crypto."""

import json
import os
import subprocess

import pytest
from nio import (
    AsyncClient,
    AsyncClientConfig,
    JoinResponse,
    LoginResponse,
    MegolmEvent,
    RoomCreateResponse,
    RoomMessagesResponse,
    RoomMessageText,
    RoomSendResponse,
    SyncError,
    SyncResponse,
)

from e2e.synapse.conftest import MAXIMUM_AGE
from support.api import new_name
from support.secrets import password
from support.server import REPOSITORY


class NioApp:
    """An application on matrix-nio that keeps its keys in a folder, as an installed one does."""

    def __init__(self, deployment, folder, name: str, secret: str, device: str):
        self.url, self.folder = deployment.url, folder
        self.name, self.secret, self.device = name, secret, device
        folder.mkdir()
        self.nio = None

    async def sign_in(self) -> None:
        """Begins anew with the keys that are in the folder."""
        if self.nio is not None:
            await self.nio.close()
        config = AsyncClientConfig(
            encryption_enabled=True, store_sync_tokens=True, max_limit_exceeded=0, max_timeouts=0
        )
        self.nio = AsyncClient(
            self.url, self.name, self.device, store_path=str(self.folder), config=config
        )
        answer = await self.nio.login(self.secret, f"{self.name}'s {self.device}")
        assert isinstance(answer, LoginResponse), answer
        assert answer.device_id == self.device

    async def sync(self) -> SyncResponse:
        answer = await self.nio.sync(timeout=0, full_state=True)
        assert isinstance(answer, SyncResponse), answer
        if self.nio.should_upload_keys:
            await self.nio.keys_upload()
        if self.nio.should_query_keys:
            await self.nio.keys_query()
        await self.nio.send_to_device_messages()
        return answer

    async def say(self, room: str, text: str) -> None:
        answer = await self.nio.room_send(
            room,
            "m.room.message",
            {"msgtype": "m.text", "body": text},
            ignore_unverified_devices=True,
        )
        assert isinstance(answer, RoomSendResponse), answer

    async def texts(self, room: str) -> list[str]:
        """What is readable of the room, the oldest first."""
        answer = await self.nio.room_messages(room, self.nio.next_batch, limit=50)
        assert isinstance(answer, RoomMessagesResponse), answer
        events = [self._read(event) for event in reversed(answer.chunk)]
        return [event.body for event in events if isinstance(event, RoomMessageText)]

    def _read(self, event):
        return self.nio.decrypt_event(event) if isinstance(event, MegolmEvent) else event


@pytest.fixture
async def apps(deployment, tmp_path):
    made = []

    def make(name: str, secret: str, device: str) -> NioApp:
        made.append(NioApp(deployment, tmp_path / f"{name}-{device}", name, secret, device))
        return made[-1]

    yield make
    for app in made:
        if app.nio is not None:
            await app.nio.close()


async def encrypted_room(alice: NioApp, *others: NioApp) -> str:
    created = await alice.nio.room_create(
        invite=sorted({other.nio.user_id for other in others} - {alice.nio.user_id}),
        initial_state=[
            {
                "type": "m.room.encryption",
                "state_key": "",
                "content": {"algorithm": "m.megolm.v1.aes-sha2"},
            }
        ],
    )
    assert isinstance(created, RoomCreateResponse), created
    for other in others:
        if other.nio.user_id != alice.nio.user_id:
            assert isinstance(await other.nio.join(created.room_id), JoinResponse)
    for app in (alice, *others) * 2:
        await app.sync()
    return created.room_id


@pytest.mark.anyio
async def test_nio_reads_old_and_new_messages_on_the_same_device(deployment, apps):
    alice, bob = deployment.person(), deployment.person()
    phone = apps(alice.name, alice.secret, "PHONE")
    laptop = apps(alice.name, alice.secret, "LAPTOP")
    # Not PHONE: nio takes every device with the ID of its own for itself.
    bobs = apps(bob.name, bob.secret, "TABLET")
    people = (phone, laptop, bobs)
    for app in people:
        await app.sign_in()
        await app.sync()
    room = await encrypted_room(phone, laptop, bobs)

    await bobs.say(room, "before")
    for app in people:
        await app.sync()
    assert await phone.texts(room) == ["before"]
    identity = phone.nio.olm.account.identity_keys
    kept = alice.devices_with_keys()
    assert kept == {"PHONE", "LAPTOP"}

    deployment.clock.advance(MAXIMUM_AGE + 1)
    answer = await phone.nio.sync(timeout=0)
    assert isinstance(answer, SyncError)
    assert (answer.status_code, answer.soft_logout) == ("M_UNKNOWN_TOKEN", True)
    assert alice.devices_with_keys() == kept
    assert alice.devices() == kept

    # Meanwhile somebody speaks, to the keys that are still published.
    await bobs.sign_in()
    await bobs.sync()
    await bobs.say(room, "while she was away")

    await phone.sign_in()
    assert phone.nio.olm.account.identity_keys == identity
    await phone.sync()
    assert await phone.texts(room) == ["before", "while she was away"]
    await phone.say(room, "after")
    await laptop.sign_in()
    for app in (laptop, bobs):
        await app.sync()
        assert await app.texts(room) == ["before", "while she was away", "after"]
    assert alice.devices() == kept


def test_js_sdk_reads_old_and_new_messages_on_the_same_device(deployment):
    """tests/e2e/js/synapse/encrypted_room.js does and asserts it all; its clock is moved here."""
    node = REPOSITORY / "tests/e2e/js/node_modules/.bin/node"
    if not node.exists():
        pytest.fail("npm ci in tests/e2e/js first, as ./dev test synapse does")
    story = REPOSITORY / "tests/e2e/js/synapse/encrypted_room.js"
    people = [{"name": new_name(), "password": password()} for _ in range(2)]
    environment = {"PATH": os.environ["PATH"], "URL": deployment.url, "PEOPLE": json.dumps(people)}
    with subprocess.Popen(
        [node, story], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                if line.startswith("end the sessions"):
                    deployment.clock.advance(MAXIMUM_AGE + 1)
                    process.stdin.write("done\n")
                    process.stdin.flush()
            assert process.wait(timeout=60) == 0, "".join(said)[-6000:]
        finally:
            process.kill()
    assert "all of it was read" in "".join(said)
