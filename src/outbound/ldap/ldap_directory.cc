#include "outbound/ldap/ldap_directory.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>
#include <utility>

#include "outbound/ldap/ldap_text.h"
#include "platform/text/shown.h"
#include "platform/text/utf8.h"

namespace latchkey::outbound {
namespace {

namespace json = boost::json;
using ldap::Connection;
using ldap::Entry;
using ldap::Step;
using providers::Failure;
using providers::Person;
using Why = Failure::Why;
using Steady = std::chrono::steady_clock;

// How long a server that failed is asked behind the others.
constexpr std::chrono::seconds kPenalty{30};
// How soon a stop is heard.
constexpr std::chrono::milliseconds kSlice{100};
constexpr std::size_t kLongestName = 255;
// Of an attribute, what becomes a claim.
constexpr std::size_t kLongestValue = 4096;
constexpr std::size_t kMostValues = 100;

constexpr std::string_view kControl = "userAccountControl";       // Active Directory
constexpr std::string_view kExpires = "accountExpires";           // the same
constexpr std::string_view kLockedTime = "pwdAccountLockedTime";  // OpenLDAP's password policy
constexpr std::string_view kInactive = "nsAccountLock";           // 389 Directory Server, FreeIPA

std::optional<std::int64_t> number(const Entry& entry, std::string_view attribute) {
  const auto& values = entry.values(attribute);
  if (values.size() != 1) return std::nullopt;
  const std::string& text = values.front();
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// Of 100 ns since 1601; 0 and the greatest number mean never.
bool is_over(std::int64_t file_time, std::chrono::system_clock::time_point now) {
  constexpr std::int64_t per_second = 10'000'000;
  constexpr std::int64_t until_1970 = 11'644'473'600;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  return file_time > 0 && file_time / per_second - until_1970 <= seconds;
}

// What the entry itself says, in one word.
std::optional<std::string> says_disabled(const Entry& entry) {
  constexpr std::int64_t account_disable = 2;
  if (const auto control = number(entry, kControl); control && (*control & account_disable) != 0) {
    return std::string(kControl);
  }
  if (const auto expires = number(entry, kExpires);
      expires && is_over(*expires, std::chrono::system_clock::now())) {
    return std::string(kExpires);
  }
  const auto has = [&](std::string_view attribute, std::string_view value) {
    const auto& values = entry.values(attribute);
    return values.size() == 1 && ldap::same_attribute(values.front(), value);
  };
  // Any other time is when too many wrong passwords were given.
  if (has(kLockedTime, "000001010000Z")) return std::string(kLockedTime);
  if (has(kInactive, "TRUE")) return std::string(kInactive);
  return std::nullopt;
}

std::optional<json::value> as_claim(const std::vector<std::string>& values) {
  json::array texts;
  for (const std::string& value : values) {
    if (value.size() > kLongestValue || !text::valid_utf8(value) || value.contains('\0')) continue;
    if (texts.size() < kMostValues) texts.emplace_back(value);
  }
  if (texts.empty()) return std::nullopt;
  if (texts.size() == 1) return texts.front();
  return texts;
}

bool travels_unseen(const std::string& url) {
  const auto to = [&](std::string_view host) {
    return url == "ldap://" + std::string(host) ||
           url.starts_with("ldap://" + std::string(host) + ":") ||
           url.starts_with("ldap://" + std::string(host) + "/");
  };
  return url.starts_with("ldapi:") || to("127.0.0.1") || to("[::1]") || to("localhost");
}

Failure wrong(std::string_view reason, std::string sentence) {
  return {Why::wrong_credentials, reason, std::move(sentence)};
}

}  // namespace

std::vector<std::size_t> ServerOrder::at(Steady::time_point now) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < failed_at_.size(); ++i) order.push_back(i);
  // Whose failure is longest ago is the likeliest to be back.
  std::ranges::sort(order, {}, [&](std::size_t server) {
    const auto& failed = failed_at_[server];
    const bool lately = failed && now < *failed + kPenalty;
    return std::pair(lately ? *failed : Steady::time_point::min(), server);
  });
  return order;
}

void ServerOrder::failed(std::size_t server, Steady::time_point now) {
  const std::scoped_lock lock(mutex_);
  failed_at_[server] = now;
}

void ServerOrder::answered(std::size_t server) {
  const std::scoped_lock lock(mutex_);
  failed_at_[server].reset();
}

LdapDirectory::LdapDirectory(LdapOptions options)
    : options_(std::move(options)),
      order_(options_.servers.size()),
      connections_(static_cast<std::ptrdiff_t>(options_.max_connections)) {}

LdapDirectory::Fault LdapDirectory::fault(Step step, const ldap::Trouble& trouble) {
  return {ldap::meaning_of(step, trouble), ldap::is_of_server(step, trouble)};
}

template <class T, class TaskOnConnection>
LdapDirectory::Outcome<T> LdapDirectory::on_server(std::size_t server, const CallLimits& limits,
                                                   const TaskOnConnection& task) {
  const std::string& url = options_.servers[server];
  auto outcome = [&]() -> Outcome<T> {
    auto connection = Connection::open({.url = url, .options = options_}, limits);
    if (!connection) return std::unexpected(fault(Step::connect, connection.error()));
    return task(*connection, url);
  }();
  if (!outcome) outcome.error().failure.sentence.insert(0, url + ": ");
  return outcome;
}

template <class T, class TaskOnConnection>
providers::Reply<T> LdapDirectory::on_a_server(const CallLimits& limits,
                                               const TaskOnConnection& task) {
  while (!connections_.try_acquire_for(kSlice)) {
    if (Steady::now() < limits.deadline && !limits.stop.stop_requested()) continue;
    return std::unexpected(Failure{Why::unavailable, "busy",
                                   "max_connections sign-ins wait for the directory already"});
  }
  struct Seat {
    std::counting_semaphore<>& of;
    ~Seat() { of.release(); }
  } const seat{connections_};
  const auto order = order_.at(Steady::now());
  std::optional<Failure> failure;
  for (std::size_t i = 0; i < order.size(); ++i) {
    // So much for each that the last has its turn too.
    const auto now = Steady::now();
    const auto share = (limits.deadline - now) / static_cast<int>(order.size() - i);
    const CallLimits own{.deadline = now + std::min<Steady::duration>(share, options_.timeout),
                         .stop = limits.stop};
    auto outcome = on_server<T>(order[i], own, task);
    if (outcome || !outcome.error().of_server) order_.answered(order[i]);
    if (outcome) return *std::move(outcome);
    const bool last = !outcome.error().of_server || limits.stop.stop_requested();
    // The first one's is what is usually to be mended.
    if (!failure || !outcome.error().of_server) failure = std::move(outcome.error().failure);
    if (last) break;
    order_.failed(order[i], Steady::now());
  }
  return std::unexpected(*std::move(failure));
}

LdapDirectory::Outcome<> LdapDirectory::bind_ours(Connection& connection) const {
  if (options_.bind_dn.empty()) return {};
  if (const auto bound = connection.bind(options_.bind_dn, options_.bind_password); !bound) {
    return std::unexpected(fault(Step::bind_ours, bound.error()));
  }
  return {};
}

LdapDirectory::Outcome<> LdapDirectory::bind_person(Connection& connection, const std::string& dn,
                                                    const Secret& password) const {
  const auto bound = connection.bind_person(dn, password);
  if (!bound) return std::unexpected(fault(Step::bind_person, bound.error()));
  if (*bound) return std::unexpected(fault(ldap::password_to_be_changed()));
  return {};
}

// The entry whose password it is.
LdapDirectory::Outcome<Entry> LdapDirectory::find_person(Connection& connection,
                                                         std::string_view user,
                                                         const Secret& password) const {
  if (auto bound = bind_ours(connection); !bound) return std::unexpected(std::move(bound.error()));
  const auto filter = ldap::fill_filter(
      options_.filter, [&](std::string_view) { return std::optional(std::string(user)); });
  auto found = connection.search({.base = options_.base,
                                  .scope = options_.scope,
                                  .filter = filter.value_or(""),
                                  .attributes = wanted(),
                                  .most = 2});
  if (!found) return std::unexpected(fault(Step::search, found.error()));
  return bind_found(connection, *std::move(found), password);
}

// The entry of somebody who is known already, if it is still one that people sign in with.
LdapDirectory::Outcome<Entry> LdapDirectory::find_known(Connection& connection,
                                                        std::string_view subject,
                                                        const Secret& password) const {
  if (auto bound = bind_ours(connection); !bound) return std::unexpected(std::move(bound.error()));
  auto found = entries_of_subject(connection, subject);
  if (!found) return std::unexpected(std::move(found.error()));
  const auto filter = options_.dn_template.empty() ? ldap::for_any_value(options_.filter)
                                                   : std::optional<std::string>();
  if (filter && found->size() == 1) {
    const auto matched = matches(connection, found->front().dn, *filter);
    if (!matched) return std::unexpected(matched.error());
    if (!*matched) found->clear();
  }
  return bind_found(connection, *std::move(found), password);
}

LdapDirectory::Outcome<Entry> LdapDirectory::bind_found(Connection& connection,
                                                        std::vector<Entry> found,
                                                        const Secret& password) const {
  if (found.size() != 1 || found.front().dn.empty()) {
    // For the time that it takes, and nothing else.
    const auto tried = connection.bind_person("cn=nobody-of-that-name," + options_.base, password);
    if (!tried && ldap::is_of_server(Step::bind_person, tried.error())) {
      return std::unexpected(fault(Step::bind_person, tried.error()));
    }
    return std::unexpected(fault(found.size() > 1
                                     ? wrong("ambiguous", "the filter finds several entries")
                                     : wrong("no_such_person", "the filter finds no entry")));
  }
  Entry entry = std::move(found.front());
  if (auto bound = bind_person(connection, entry.dn, password); !bound) {
    return std::unexpected(std::move(bound.error()));
  }
  // What is asked from here on is asked by our own account again, if there is one.
  if (auto bound = bind_ours(connection); !bound) return std::unexpected(std::move(bound.error()));
  return entry;
}

LdapDirectory::Outcome<Entry> LdapDirectory::bind_by_template(Connection& connection,
                                                              std::string_view user,
                                                              const Secret& password) const {
  const std::string dn = ldap::fill_dn(options_.dn_template, user);
  if (auto bound = bind_person(connection, dn, password); !bound) {
    return std::unexpected(std::move(bound.error()));
  }
  if (auto bound = bind_ours(connection); !bound) return std::unexpected(std::move(bound.error()));
  auto found = connection.search({.base = dn, .attributes = wanted()});
  if (!found) return std::unexpected(fault(Step::search, found.error()));
  if (found->empty()) {
    return std::unexpected(fault(Failure{
        Why::misconfigured, "entry_unreadable",
        "the password is right, and the person's entry cannot be read: give a bind_dn that may"}));
  }
  return std::move(found->front());
}

LdapDirectory::Outcome<bool> LdapDirectory::matches(Connection& connection, const std::string& dn,
                                                    const std::string& filter) const {
  const auto found = connection.search({.base = dn, .filter = filter});
  if (!found) return std::unexpected(fault(Step::search, found.error()));
  return !found->empty();
}

LdapDirectory::Outcome<std::optional<std::string>> LdapDirectory::disabled(
    Connection& connection, const Entry& entry) const {
  if (auto said = says_disabled(entry)) return said;
  if (options_.disabled_filter.empty()) return std::nullopt;
  const auto matched = matches(connection, entry.dn, options_.disabled_filter);
  if (!matched) return std::unexpected(matched.error());
  return *matched ? std::optional<std::string>("disabled_filter") : std::nullopt;
}

LdapDirectory::Outcome<bool> LdapDirectory::in_a_group(
    Connection& connection, const Entry& entry, const std::vector<std::string>& groups) const {
  if (groups.empty()) return false;
  if (options_.group_filter.empty()) {
    // The server compares the names, as names are compared, and is not asked for all groups, which
    // may be thousands.
    std::vector<std::string> any;
    for (const std::string& group : groups) any.push_back(ldap::equality("memberOf", group));
    return matches(connection, entry.dn, ldap::any_of(any));
  }
  const auto filter = ldap::fill_filter(
      options_.group_filter, [&](std::string_view name) -> std::optional<std::string> {
        if (name == "dn") return entry.dn;
        const auto& values = entry.values(name);
        return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
      });
  if (!filter) return false;
  for (const std::string& group : groups) {
    auto matched = matches(connection, group, *filter);
    if (!matched) {
      matched.error().failure.sentence += " (the group " + text::shown(group) + ")";
      return matched;
    }
    if (*matched) return true;
  }
  return false;
}

bool LdapDirectory::subject_is_binary() const {
  return options_.subject.ends_with(";binary") ||
         std::ranges::any_of(
             std::initializer_list<std::string_view>{"objectGUID", "objectSid",
                                                     "mS-DS-ConsistencyGuid", "GUID"},
             [&](std::string_view one) { return ldap::same_attribute(one, options_.subject); });
}

LdapDirectory::Outcome<std::string> LdapDirectory::subject_of(const Entry& entry) const {
  const auto& values = entry.values(options_.subject);
  const auto unusable = [&](std::string_view reason, const std::string& what) {
    return std::unexpected(
        fault(Failure{Why::misconfigured, reason,
                      "the entry " + text::shown(entry.dn) + " has " + what +
                          " (subject: " + options_.subject + "), or bind_dn may not read it"}));
  };
  if (values.empty() || values.front().empty()) {
    return unusable("no_subject", "nothing by which it is known");
  }
  if (values.size() > 1) return unusable("no_subject", "several values where one has to be");
  std::string subject = subject_is_binary() ? ldap::to_hex(values.front()) : values.front();
  if (subject.size() > providers::kLongestSubject || !text::valid_utf8(subject) ||
      subject.contains('\0')) {
    return unusable("no_subject", "a value that is no text of at most 255 bytes");
  }
  return subject;
}

std::vector<std::string> LdapDirectory::wanted() const {
  std::vector<std::string> names = options_.attributes;
  const auto add = [&](std::string_view name) {
    if (std::ranges::none_of(names, [&](const auto& n) { return ldap::same_attribute(n, name); })) {
      names.emplace_back(name);
    }
  };
  add(options_.subject);
  for (const auto name : {kControl, kExpires, kLockedTime, kInactive}) add(name);
  for (const std::string& name : ldap::placeholders(options_.group_filter)) {
    if (name != "dn") add(name);
  }
  return names;
}

// Under the names that the configuration has, whichever letters the server prefers.
json::object LdapDirectory::claims_of(const Entry& entry) const {
  json::object claims;
  for (const std::string& name : options_.attributes) {
    if (auto claim = as_claim(entry.values(name))) claims[name] = *std::move(claim);
  }
  return claims;
}

LdapDirectory::Outcome<Person> LdapDirectory::person_of(Connection& connection,
                                                        const Entry& entry) const {
  const auto why = disabled(connection, entry);
  if (!why) return std::unexpected(why.error());
  if (*why) {
    return std::unexpected(fault(Failure{
        Why::denied, "disabled", "the account is disabled in the directory (" + **why + ")"}));
  }
  if (!options_.allowed_groups.empty()) {
    const auto allowed = in_a_group(connection, entry, options_.allowed_groups);
    if (!allowed) return std::unexpected(allowed.error());
    if (!*allowed) {
      return std::unexpected(
          fault(Failure{Why::denied, "no_group", "the person is in none of allowed_groups"}));
    }
  }
  const auto administrator = in_a_group(connection, entry, options_.admin_groups);
  if (!administrator) return std::unexpected(administrator.error());
  auto subject = subject_of(entry);
  if (!subject) return std::unexpected(std::move(subject.error()));
  Person person;
  person.subject = *std::move(subject);
  person.claims = claims_of(entry);
  if (!options_.admin_groups.empty()) person.administrator = *administrator;
  return person;
}

providers::Reply<Person> LdapDirectory::check(std::string_view user, const Secret& password,
                                              const CallLimits& limits) {
  if (password.empty()) return std::unexpected(wrong("no_password", "an empty password"));
  if (user.empty() || user.size() > kLongestName || !text::valid_utf8(user) ||
      text::has_controls(user)) {
    return std::unexpected(wrong("no_such_person", "nobody can have such a name"));
  }
  auto person = on_a_server<Person>(
      limits, [&](Connection& connection, const std::string&) -> Outcome<Person> {
        auto entry = options_.dn_template.empty() ? find_person(connection, user, password)
                                                  : bind_by_template(connection, user, password);
        if (!entry) return std::unexpected(std::move(entry.error()));
        return person_of(connection, *entry);
      });
  if (person) {
    person->authenticated_at = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
  return person;
}

bool LdapDirectory::can_look_up() const {
  return !options_.base.empty() && (options_.dn_template.empty() || !options_.bind_dn.empty());
}

providers::Reply<Person> LdapDirectory::check_known(std::string_view subject, std::string_view user,
                                                    const Secret& password,
                                                    const CallLimits& limits) {
  if (!can_look_up()) {
    auto person = check(user, password, limits);
    if (person && person->subject != subject) {
      return std::unexpected(wrong("another_person", "the name is somebody else's there"));
    }
    return person;
  }
  if (password.empty()) return std::unexpected(wrong("no_password", "an empty password"));
  return on_a_server<Person>(
      limits, [&](Connection& connection, const std::string&) -> Outcome<Person> {
        auto entry = find_known(connection, subject, password);
        if (!entry) return std::unexpected(std::move(entry.error()));
        auto person = person_of(connection, *entry);
        if (person) {
          person->authenticated_at = std::chrono::floor<Duration>(std::chrono::system_clock::now());
        }
        return person;
      });
}

LdapDirectory::Outcome<std::vector<Entry>> LdapDirectory::entries_of_subject(
    Connection& connection, std::string_view subject) const {
  const auto bytes = subject_is_binary() ? ldap::from_hex(subject) : std::string(subject);
  if (!bytes || bytes->empty()) {
    return std::unexpected(
        fault(Failure{Why::misconfigured, "no_subject",
                      "'" + text::shown(subject) + "' cannot be a value of " + options_.subject +
                          ": this option may not be changed once people have signed in"}));
  }
  auto found = connection.search({.base = options_.base,
                                  .scope = options_.scope,
                                  .filter = ldap::equality(options_.subject, *bytes),
                                  .attributes = wanted(),
                                  .most = 2});
  if (!found) return std::unexpected(fault(Step::search, found.error()));
  return *std::move(found);
}

LdapDirectory::Outcome<providers::PasswordProvider::Presence> LdapDirectory::presence_of(
    Connection& connection, std::string_view subject) const {
  if (auto bound = bind_ours(connection); !bound) return std::unexpected(std::move(bound.error()));
  const auto found = entries_of_subject(connection, subject);
  if (!found) return std::unexpected(found.error());
  if (found->size() > 1) {
    return std::unexpected(fault(Failure{Why::misconfigured, "ambiguous",
                                         "several entries have the same " + options_.subject}));
  }
  if (found->empty()) {
    // Whoever may not see the base sees nobody below it either: that is not everybody gone.
    const auto base = matches(connection, options_.base, "(objectClass=*)");
    if (!base) return std::unexpected(base.error());
    if (!*base) {
      return std::unexpected(
          fault(Failure{Why::misconfigured, "no_base", "bind_dn may not read the base"}));
    }
    return Presence::gone;
  }
  const Entry& entry = found->front();
  const auto why = disabled(connection, entry);
  if (!why) return std::unexpected(why.error());
  if (*why) return Presence::disabled;
  if (const auto filter = ldap::for_any_value(options_.filter);
      filter && options_.dn_template.empty()) {
    const auto matched = matches(connection, entry.dn, *filter);
    if (!matched) return std::unexpected(matched.error());
    if (!*matched) return Presence::disabled;
  }
  if (options_.allowed_groups.empty()) return Presence::there;
  const auto allowed = in_a_group(connection, entry, options_.allowed_groups);
  if (!allowed) return std::unexpected(allowed.error());
  return *allowed ? Presence::there : Presence::disabled;
}

providers::Reply<providers::PasswordProvider::Presence> LdapDirectory::look_up(
    std::string_view subject, const CallLimits& limits) {
  if (!can_look_up()) {
    return std::unexpected(
        Failure{Why::misconfigured, "cannot_search",
                "people can be looked up with base and bind_dn only, which are not given"});
  }
  return on_a_server<Presence>(limits, [&](Connection& connection, const std::string&) {
    return presence_of(connection, subject);
  });
}

// That people are found at all, and have what they are known by.
LdapDirectory::Outcome<std::string> LdapDirectory::test_search(Connection& connection) const {
  const auto base = matches(connection, options_.base, "(objectClass=*)");
  if (!base) return std::unexpected(base.error());
  const auto filter = options_.dn_template.empty() ? ldap::for_any_value(options_.filter)
                                                   : std::optional<std::string>();
  if (!*base || !filter) {
    if (*base) return "the base can be read";
    return std::unexpected(
        fault(Failure{Why::misconfigured, "no_base", "the base cannot be read as bind_dn"}));
  }
  const auto found = connection.search({.base = options_.base,
                                        .scope = options_.scope,
                                        .filter = *filter,
                                        .attributes = wanted(),
                                        .most = 2});
  if (!found) return std::unexpected(fault(Step::search, found.error()));
  if (found->empty()) {
    return std::unexpected(
        fault(Failure{Why::misconfigured, "nobody",
                      "the base can be read, and " + *filter + " finds nobody below it"}));
  }
  if (auto subject = subject_of(found->front()); !subject) {
    return std::unexpected(std::move(subject.error()));
  }
  return "the base can be read, and " + *filter + " finds people who have " + options_.subject;
}

LdapDirectory::Outcome<std::vector<std::string>> LdapDirectory::test_server(
    Connection& connection, const std::string& url) const {
  std::vector<std::string> fine;
  const std::string encryption = connection.encryption();
  if (!encryption.empty()) {
    fine.push_back(url + ": answers, encrypted with " + encryption);
  } else if (travels_unseen(url)) {
    fine.push_back(url + ": answers");
  } else {
    fine.push_back(url + ": answers, and passwords travel unencrypted: use ldaps:// or start_tls");
  }
  if (auto bound = bind_ours(connection); !bound) return std::unexpected(std::move(bound.error()));
  if (!options_.bind_dn.empty()) fine.push_back(url + ": bind_dn signs in");
  if (options_.base.empty() || (!options_.dn_template.empty() && options_.bind_dn.empty())) {
    fine.push_back(url + ": passwords are tried for " + options_.dn_template +
                   ", and no more can be seen without one");
    return fine;
  }
  auto search = test_search(connection);
  if (!search) return std::unexpected(std::move(search.error()));
  fine.push_back(url + ": " + *std::move(search));
  for (const auto* groups : {&options_.allowed_groups, &options_.admin_groups}) {
    for (const std::string& group : *groups) {
      const auto there = matches(connection, group, "(objectClass=*)");
      if (there && *there) continue;
      return std::unexpected(
          fault(Failure{Why::misconfigured, "no_group",
                        "the group " + group + " is not there, or bind_dn may not see it"}));
    }
  }
  if (!options_.allowed_groups.empty() || !options_.admin_groups.empty()) {
    fine.push_back(url + ": the groups are there");
  }
  return fine;
}

providers::Reply<std::vector<std::string>> LdapDirectory::test(const CallLimits& limits) {
  std::vector<std::string> all;
  for (std::size_t server = 0; server < options_.servers.size(); ++server) {
    const CallLimits own{.deadline = std::min(limits.deadline, Steady::now() + options_.timeout),
                         .stop = limits.stop};
    auto fine = on_server<std::vector<std::string>>(
        server, own, [&](Connection& connection, const std::string& url) {
          return test_server(connection, url);
        });
    if (!fine) return std::unexpected(std::move(fine.error().failure));
    all.insert(all.end(), fine->begin(), fine->end());
  }
  return all;
}

}  // namespace latchkey::outbound
