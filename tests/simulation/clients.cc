#include "simulation/clients.h"

#include <algorithm>

#include "domain/sessions/token.h"

namespace latchkey::simulation {

using Word = Answer::Word;
using State = Tab::State;

std::optional<Tokens> tokens_of(const Answer& answer) {
  const auto token = sessions::read_token(answer.access);
  if (!token) return std::nullopt;
  return Tokens{answer.access, answer.refresh, token->session, token->generation};
}

Store& Clients::add(Person& person, std::size_t tabs, bool refreshes) {
  Store& store = *stores_.emplace_back(std::make_unique<Store>());
  store.person = &person;
  store.refreshes = refreshes;
  for (std::size_t i = 0; i < tabs; ++i) {
    tabs_.emplace_back(std::make_unique<Tab>())->store = &store;
  }
  return store;
}

Request Clients::request(const Tab& tab, Doing doing) const {
  const Person& person = *tab.store->person;
  Request request{.doing = doing, .user = person.user, .localpart = person.localpart};
  if (tab.tokens) {
    request.token = doing == Doing::refresh ? tab.tokens->refresh : tab.tokens->access;
    request.session = tab.tokens->session;
    request.generation = tab.tokens->generation;
  }
  request.password = person.passwords.back();
  request.refreshes = tab.store->refreshes;
  return request;
}

void Clients::reopen(Tab& tab) {
  const Store& store = *tab.store;
  tab.tokens = store.tokens;
  tab.asks = false;
  tab.state = store.tokens           ? State::signed_in
              : store.device.empty() ? State::out
                                     : State::must_sign_in;
}

void Clients::go_on(Tab& tab) {
  if (tab.asks) return;
  if (tab.state == State::out && (tab.store->tokens || !tab.store->device.empty())) reopen(tab);
  switch (tab.state) {
    case State::out:
    case State::must_sign_in: {
      Request wanted{.doing = Doing::login,
                     .user = tab.store->person->user,
                     .localpart = tab.store->person->localpart};
      wanted.device = tab.store->device;
      Person& person = *tab.store->person;
      wanted.password = person.passwords[person.tries++ % person.passwords.size()];
      wanted.refreshes = tab.store->refreshes;
      return send(tab, wanted);
    }
    case State::must_refresh:
      return refresh(tab);
    case State::signed_in:
      return send(tab, request(tab, Doing::use));
  }
}

void Clients::refresh(Tab& tab) {
  if (tab.asks || !tab.tokens || tab.tokens->refresh.empty()) return;
  if (tab.state != State::signed_in && tab.state != State::must_refresh) return;
  send(tab, request(tab, Doing::refresh));
}

void Clients::act(Tab& tab, Doing doing) {
  if (tab.asks || !tab.tokens || tab.state == State::out) return;
  Person& person = *tab.store->person;
  Request wanted = request(tab, doing);
  if (doing == Doing::change_password) {
    wanted.new_password = "correct horse " + std::to_string(++person.changes);
    wanted.logout_devices = random_.one_in(2);
    // Until an answer says which, it may be either.
    person.passwords.push_back(wanted.new_password);
    wanted.password = person.passwords[random_.below(person.passwords.size() - 1)];
  }
  if (doing == Doing::delete_devices) {
    for (const auto& store : stores_) {
      const bool mine = store->person == &person && !store->device.empty();
      if (mine && random_.one_in(2)) wanted.devices.push_back(store->device);
    }
  }
  if (doing == Doing::deactivate) person.deactivated = true;
  send(tab, wanted);
}

void Clients::send(Tab& tab, const Request& request) {
  tab.asks = true;
  // The tab may be closed meanwhile: what it held says whether it is still the one that asked.
  const std::string shown = request.token;
  ask_(request, [this, &tab, request, shown](const Answer* answer) {
    if (!tab.asks) return;
    tab.asks = false;
    if (answer == nullptr) return;
    const bool same = request.doing == Doing::login ||
                      (tab.tokens && (tab.tokens->access == shown || tab.tokens->refresh == shown));
    if (same) receive(tab, request, *answer);
  });
}

void Clients::receive(Tab& tab, const Request& request, const Answer& answer) {
  Person& person = *tab.store->person;
  switch (answer.word) {
    case Word::good:
      break;
    case Word::soft:
      tab.state = request.doing == Doing::refresh || tab.tokens->refresh.empty()
                      ? State::must_sign_in
                      : State::must_refresh;
      return;
    case Word::hard:
      return wipe(tab);
    case Word::refused:  // no proof: an earlier copy may have been done, and its answer lost
    case Word::locked:
    case Word::unavailable:
      return;
  }
  switch (request.doing) {
    case Doing::login:
    case Doing::refresh:
      return take(tab, answer);
    case Doing::logout:
    case Doing::logout_all:
    case Doing::deactivate:
      return wipe(tab);
    case Doing::change_password:
      // The others may still be: an answer can overtake that of another change.
      std::erase(person.passwords, request.new_password);
      person.passwords.push_back(request.new_password);
      return;
    default:
      return;
  }
}

void Clients::take(Tab& tab, const Answer& answer) {
  tab.tokens = tokens_of(answer);
  tab.state = State::signed_in;
  const bool saved = unsaved_ == 0 || !random_.one_in(unsaved_);
  if (saved) {
    tab.store->tokens = tab.tokens;
    if (!answer.device.empty()) tab.store->device = answer.device;
  } else {
    reopen(tab);
  }
}

void Clients::wipe(Tab& tab) {
  Store& store = *tab.store;
  const bool mine = store.tokens && tab.tokens && store.tokens->session == tab.tokens->session;
  if (mine) {
    store.tokens.reset();
    store.device.clear();
  }
  tab.tokens.reset();
  tab.state = State::out;
}

}  // namespace latchkey::simulation
