#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simulation/doing.h"
#include "simulation/random.h"

namespace latchkey::simulation {

struct Tokens {
  std::string access;
  std::string refresh;  // empty: the client takes none
  SessionId session{};
  sessions::Generation generation = 0;
};

// A person, and the passwords that may be theirs: of a change without an answer nobody knows.
struct Person {
  UserId user{};
  std::string localpart;
  std::vector<std::string> passwords;
  int changes = 0;
  std::size_t tries = 0;     // of signing in: one password after the other
  bool deactivated = false;  // or perhaps
};

// What a client keeps on disk; the tabs of one browser share it.
struct Store {
  Person* person = nullptr;
  bool refreshes = true;
  std::string device;  // empty: there is none, and no keys
  std::optional<Tokens> tokens;
};

// One tab. It reads the store when it opens and goes by its own memory from then on, to the letter
// of the specification ("Soft logout", "Refreshing access tokens"): tests/support/matrix_client.py
// says the same in Python.
struct Tab {
  enum class State : std::uint8_t {
    out,  // nothing is left, or nothing was there
    signed_in,
    must_refresh,  // softly refused
    must_sign_in,  // softly refused, and the refresh token too
  };
  Store* store = nullptr;
  std::optional<Tokens> tokens;
  State state = State::out;
  bool asks = false;  // waits for an answer
};

// Asks the server; `then` gets the answer, or null after a long silence.
using Ask = std::function<void(Request, std::function<void(const Answer*)> then)>;

std::optional<Tokens> tokens_of(const Answer& answer);

class Clients {
 public:
  Clients(Random& random, Ask ask) : random_(random), ask_(std::move(ask)) {}

  Store& add(Person& person, std::size_t tabs, bool refreshes);
  const std::vector<std::unique_ptr<Store>>& stores() const { return stores_; }
  std::vector<std::unique_ptr<Tab>>& tabs() { return tabs_; }

  // What the client does next by itself, or with its person where it needs one.
  void go_on(Tab& tab);
  void refresh(Tab& tab);
  // The tab is closed, or dies; another opens, from what is on disk.
  void reopen(Tab& tab);
  // The person's wish, with what this tab holds.
  void act(Tab& tab, Doing doing);

  // How often a tab dies between the answer and the disk; 0: never.
  void set_unsaved(std::size_t one_in) { unsaved_ = one_in; }

 private:
  Request request(const Tab& tab, Doing doing) const;
  void send(Tab& tab, const Request& request);
  void receive(Tab& tab, const Request& request, const Answer& answer);
  void take(Tab& tab, const Answer& answer);
  void wipe(Tab& tab);

  Random& random_;
  const Ask ask_;
  std::vector<std::unique_ptr<Store>> stores_;
  std::vector<std::unique_ptr<Tab>> tabs_;
  std::size_t unsaved_ = 0;
};

}  // namespace latchkey::simulation
