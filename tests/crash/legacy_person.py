"""Somebody with a client of the legacy API, who signs in, refreshes and changes things."""

import httpx

from crash.at_work import PATIENCE, Worker
from support.answers import assert_hard
from support.api import Api, new_name
from support.matrix_client import MatrixClient, State, Store
from support.secrets import password


class LegacyPerson(Worker):
    def _begin(self) -> None:
        name, secret = new_name(), password()
        self._register(name, secret)
        self.client = MatrixClient(self.api, Store(name, secret), patience=PATIENCE)
        self.client.sign_in()

    def _one_thing(self) -> None:
        choice = self.random.random()
        if choice < 0.45:
            self._use()
        elif choice < 0.75:
            self._refresh()
        elif choice < 0.85:
            self._sign_out_and_in()
        elif choice < 0.90:
            self._sign_in_again()
        elif choice < 0.91:
            self._register(new_name(), password())
        elif choice < 0.925:
            self._change_password()
        elif choice < 0.933:
            self._delete_own_device()
        elif choice < 0.937:
            self._deactivate_another()
        else:
            self._check_an_end()

    def _refresh(self) -> None:
        self._still_in(self.client.refresh())
        self.facts.refreshed += 1
        if self.random.random() < 0.5:
            self._use()

    def _sign_out_and_in(self) -> None:
        ended = self.client.access, self.client.refresh_token
        self.client.sign_out()
        self.facts.ended.append(ended)
        self.client.sign_in()
        self.facts.signed_in += 1

    def _sign_in_again(self) -> None:
        device = self.client.store.device
        self.client.sign_in()
        assert self.client.store.device == device
        self.facts.softly_out += 1

    def _another_device(self) -> MatrixClient:
        store = Store(self.client.store.user, self.client.store.password)
        other = MatrixClient(self.api, store, patience=PATIENCE)
        other.sign_in()
        return other

    def _change_password(self) -> None:
        """With what it does to another device: it is out, or stays and is deleted then."""
        other = self._another_device()
        name, old = self.client.store.user, self.client.store.password
        logout_devices = self.random.choice([None, True, False])
        assert self.client.change_password(password(), logout_devices), self.client.store.wiped
        self._password_changed(name, old, self.client.store.password)
        if logout_devices is False:
            assert other.use() is State.SIGNED_IN
            device = other.store.device
            delete = self.random.choice([self.client.delete_device, self._delete_in_a_list])
            assert delete(device), self.client.store.wiped
        self.facts.ended.append((other.access, other.refresh_token))
        self._use()

    def _delete_in_a_list(self, device: str) -> bool:
        return self.client.delete_devices([device])

    def _delete_own_device(self) -> None:
        ended = self.client.access, self.client.refresh_token
        device = self.client.store.device
        delete = self.random.choice([self.client.delete_device, self._delete_in_a_list])
        assert delete(device)
        self.facts.ended.append(ended)
        self.client.sign_in()
        assert self.client.store.device != device
        self.facts.signed_in += 1

    def _deactivate_another(self) -> None:
        """An account of its own for that."""
        name, secret = new_name(), password()
        self._register(name, secret)
        client = MatrixClient(self.api, Store(name, secret), patience=PATIENCE)
        client.sign_in()
        ended = client.access, client.refresh_token
        assert client.deactivate(), client.store.wiped
        self.facts.accounts.remove((name, secret))
        self.facts.deactivated.append((name, secret))
        self.facts.ended.append(ended)

    def _refresh_ended(self, api: Api, token: str) -> httpx.Response:
        return api.refresh(token)

    def _assert_ended(self, answer: httpx.Response) -> None:
        assert_hard(answer)
