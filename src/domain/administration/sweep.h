#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/administration/administration.h"
#include "domain/providers/provider_set.h"
#include "platform/threads/work_pool.h"

// Whose accounts are linked to people that a directory no longer has, or has disabled: they are
// locked as by an operator (their sessions rest, their keys stay), and unlocked when the person is
// there again, unless somebody else has locked them. Each person is looked up first, and nothing is
// changed unless all could be: a directory that is down, or that shows another part of itself than
// it did, has not dismissed everybody.
namespace latchkey::administration {

// So many accounts at most may be missed at once; more is taken for a mistake in the configuration.
// One always may.
std::size_t most_missed(std::size_t linked, std::size_t percent);

struct SweepReport {
  struct Person {
    std::string user;  // the full Matrix ID
    providers::PasswordProvider::Presence presence{};
  };
  std::size_t linked = 0;        // accounts that were asked about
  std::vector<Person> missed{};  // whose accounts are locked, or would be
  std::vector<Person> back{};    // whose accounts are unlocked, or would be
  std::size_t most = 0;          // most_missed()
  bool applied = false;
};

class Sweep {
 public:
  template <class T = void>
  using Result = Administration::Result<T>;

  Sweep(const Ground& ground, Administration& administration, std::string server_name);

  // Of a provider that is a directory. On a thread of its own: it takes a call of the directory for
  // each person. `apply`: or only looks who it would be. The refusal is a sentence (not_done).
  Task<Result<SweepReport>> run(Operator by, const providers::Provider& directory, bool apply);
  // The same on this thread, until it is told to stop.
  Result<SweepReport> run_now(const Operator& by, const providers::Provider& directory, bool apply,
                              const std::stop_token& stop);

  // Ends what runs. To be destroyed while the server whose handlers wait still exists.
  ~Sweep();
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;

 private:
  using Presence = providers::PasswordProvider::Presence;
  // The best that is said of the people to whom an account is linked.
  using Found = std::map<UserId, Presence>;
  struct Change {
    UserId user;
    bool lock;
    SweepReport::Person person;
  };

  Result<Found> look_up(const providers::Provider& directory, const std::stop_token& stop);
  // What there is to be done for an account as it is now; absent: nothing.
  std::optional<Change> change_of(db::Tx& tx, const std::string& actor,
                                  const sessions::Account& account, Presence presence);
  void apply_change(const Operator& by, const providers::Provider& directory, const Change& change);

  const Ground& ground_;
  Administration& administration_;
  const std::string server_name_;
  std::stop_source stop_;
  threads::WorkPool thread_;  // last: it uses the rest
};

}  // namespace latchkey::administration
