#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/ldap/connection.h"
#include "outbound/ldap/ldap_options.h"

// A directory that is asked whose password it is: LDAP, and Active Directory by it. A sign-in is
// one connection, opened for it and closed behind it: our own account searches for the person's
// entry, the entry's name and the password are tried by a simple bind, and what the entry says
// becomes claims. So a server that was restarted is noticed by nobody, and no person's sign-in is
// left on a connection for the next.
//
// How long a refusal takes: for an unknown name the password is tried for an entry that is not
// there, so it takes as many messages as a wrong one. The directory itself answers sooner where it
// has no hash to compute, by what its hashes cost; only the directory could hide that. Groups and
// disabled accounts are looked at behind the password, so only who knows it learns of them; what
// a directory says without one (too many guesses) it says to everybody.
namespace latchkey::outbound {

// In which order servers are asked: as configured, and those that failed lately behind the others.
class ServerOrder {
 public:
  using Steady = std::chrono::steady_clock;

  explicit ServerOrder(std::size_t servers) : failed_at_(servers) {}
  std::vector<std::size_t> at(Steady::time_point now) const;
  void failed(std::size_t server, Steady::time_point now);
  void answered(std::size_t server);

 private:
  mutable std::mutex mutex_;
  std::vector<std::optional<Steady::time_point>> failed_at_;
};

class LdapDirectory final : public providers::PasswordProvider {
 public:
  // With options of which nothing is to be said (LdapOptions::problems).
  explicit LdapDirectory(LdapOptions options);

  providers::Reply<providers::Person> check(std::string_view user, const Secret& password,
                                            const CallLimits& limits) override;
  providers::Reply<providers::Person> check_known(std::string_view subject, std::string_view user,
                                                  const Secret& password,
                                                  const CallLimits& limits) override;
  // Disabled: the directory says so of the account itself, or would not let it in here. That the
  // directory has locked it for a while, because of wrong passwords, is not meant: anybody could
  // bring that about.
  providers::Reply<Presence> look_up(std::string_view subject, const CallLimits& limits) override;
  providers::Reply<std::vector<std::string>> test(const CallLimits& limits) override;

 private:
  // A failure, and whether another server may do better.
  struct Fault {
    providers::Failure failure;
    bool of_server = false;
  };
  template <class T = void>
  using Outcome = std::expected<T, Fault>;
  static Fault fault(ldap::Step step, const ldap::Trouble& trouble);
  static Fault fault(providers::Failure failure) { return {std::move(failure)}; }

  // `task(connection)` on the first server that answers.
  template <class T, class TaskOnConnection>
  providers::Reply<T> on_a_server(const CallLimits& limits, const TaskOnConnection& task);
  template <class T, class TaskOnConnection>
  Outcome<T> on_server(std::size_t server, const CallLimits& limits, const TaskOnConnection& task);

  Outcome<> bind_ours(ldap::Connection& connection) const;
  Outcome<ldap::Entry> find_person(ldap::Connection& connection, std::string_view user,
                                   const Secret& password) const;
  Outcome<ldap::Entry> find_known(ldap::Connection& connection, std::string_view subject,
                                  const Secret& password) const;
  // Of what a search has found, if it is one entry.
  Outcome<ldap::Entry> bind_found(ldap::Connection& connection, std::vector<ldap::Entry> found,
                                  const Secret& password) const;
  Outcome<ldap::Entry> bind_by_template(ldap::Connection& connection, std::string_view user,
                                        const Secret& password) const;
  Outcome<> bind_person(ldap::Connection& connection, const std::string& dn,
                        const Secret& password) const;
  Outcome<providers::Person> person_of(ldap::Connection& connection,
                                       const ldap::Entry& entry) const;
  Outcome<std::optional<std::string>> disabled(ldap::Connection& connection,
                                               const ldap::Entry& entry) const;
  Outcome<bool> in_a_group(ldap::Connection& connection, const ldap::Entry& entry,
                           const std::vector<std::string>& groups) const;
  Outcome<bool> matches(ldap::Connection& connection, const std::string& dn,
                        const std::string& filter) const;
  Outcome<std::string> subject_of(const ldap::Entry& entry) const;
  boost::json::object claims_of(const ldap::Entry& entry) const;
  Outcome<std::vector<ldap::Entry>> entries_of_subject(ldap::Connection& connection,
                                                       std::string_view subject) const;
  Outcome<Presence> presence_of(ldap::Connection& connection, std::string_view subject) const;
  Outcome<std::vector<std::string>> test_server(ldap::Connection& connection,
                                                const std::string& url) const;
  Outcome<std::string> test_search(ldap::Connection& connection) const;
  bool can_look_up() const;
  // What is asked for of a person's entry.
  std::vector<std::string> wanted() const;
  bool subject_is_binary() const;

  const LdapOptions options_;
  ServerOrder order_;
  std::counting_semaphore<> connections_;
};

}  // namespace latchkey::outbound
