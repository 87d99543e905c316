#include "outbound/ldap/connection.h"

#include <ldap.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "outbound/ldap/ldap_text.h"

namespace latchkey::outbound::ldap {
namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Of one message, or entry.
constexpr ber_len_t kMostBytes = 1024UL * 1024;
// How soon a stop is heard.
constexpr std::chrono::milliseconds kSlice{500};
// Where Debian keeps the authorities that the system trusts.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

timeval as_timeval(std::chrono::microseconds span) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(span);
  return {.tv_sec = seconds.count(), .tv_usec = (span - seconds).count()};
}

int scope_of(LdapOptions::Scope scope) {
  switch (scope) {
    case LdapOptions::Scope::base:
      return LDAP_SCOPE_BASE;
    case LdapOptions::Scope::one:
      return LDAP_SCOPE_ONELEVEL;
    case LdapOptions::Scope::subtree:
      return LDAP_SCOPE_SUBTREE;
  }
  return LDAP_SCOPE_BASE;
}

void set_number(LDAP* handle, int option, int value) { ldap_set_option(handle, option, &value); }

// All that ldap.conf, ~/.ldaprc and LDAPTLS_REQCERT could have said otherwise.
int set_tls(LDAP* handle, const LdapOptions& options) {
  const std::string& file = options.ca_file.value;
  set_number(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND);
  set_number(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2);
  ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE,
                  file.empty() ? kSystemAuthorities : file.c_str());
  const int client = 0;
  return ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client);
}

// Whether the socket can be read from or written to before the time is over.
bool wait_for_socket(Sockbuf* socket, short what, const CallLimits& limits) {
  ber_socket_t fd = -1;
  ber_sockbuf_ctrl(socket, LBER_SB_OPT_GET_FD, &fd);
  while (!limits.stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limits.deadline - Steady::now());
    if (left <= 0ms) break;
    pollfd one{.fd = fd, .events = what, .revents = 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min(left, kSlice).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  errno = ETIMEDOUT;
  return false;
}

// A layer between the socket and TLS that waits no longer than it may. libldap reads from a
// blocking socket: a handshake with GnuTLS, and the rest of a message that has begun, it would wait
// for without end, whatever LDAP_OPT_NETWORK_TIMEOUT says.
const CallLimits& limits_of(const Sockbuf_IO_Desc* layer) {
  return *static_cast<const CallLimits*>(layer->sbiod_pvt);
}

int set_up_layer(Sockbuf_IO_Desc* layer, void* limits) {
  layer->sbiod_pvt = limits;
  return 0;
}

int leave_layer(Sockbuf_IO_Desc*) { return 0; }

int pass_on(Sockbuf_IO_Desc* layer, int option, void* argument) {
  return LBER_SBIOD_CTRL_NEXT(layer, option, argument);
}

ber_slen_t read_in_time(Sockbuf_IO_Desc* layer, void* into, ber_len_t bytes) {
  if (!wait_for_socket(layer->sbiod_sb, POLLIN, limits_of(layer))) return -1;
  return LBER_SBIOD_READ_NEXT(layer, into, bytes);
}

ber_slen_t write_in_time(Sockbuf_IO_Desc* layer, void* from, ber_len_t bytes) {
  if (!wait_for_socket(layer->sbiod_sb, POLLOUT, limits_of(layer))) return -1;
  return LBER_SBIOD_WRITE_NEXT(layer, from, bytes);
}

Sockbuf_IO kInTime{.sbi_setup = set_up_layer,
                   .sbi_remove = leave_layer,
                   .sbi_ctrl = pass_on,
                   .sbi_read = read_in_time,
                   .sbi_write = write_in_time,
                   .sbi_close = leave_layer};
constexpr int kAboveTheSocket = (LBER_SBIOD_LEVEL_PROVIDER + LBER_SBIOD_LEVEL_TRANSPORT) / 2;

}  // namespace

const std::vector<std::string>& Entry::values(std::string_view attribute) const {
  static const std::vector<std::string> none;
  const auto found = std::ranges::find_if(
      attributes, [&](const auto& one) { return same_attribute(one.first, attribute); });
  return found == attributes.end() ? none : found->second;
}

void Connection::Close::operator()(::ldap* handle) const {
  ldap_unbind_ext(handle, nullptr, nullptr);
}

void Connection::Free::operator()(::ldapmsg* message) const { ldap_msgfree(message); }

Result<Connection> Connection::open(const Place& place, const CallLimits& limits) {
  LDAP* made = nullptr;
  const int code = ldap_initialize(&made, place.url.c_str());
  if (code != LDAP_SUCCESS) return std::unexpected(Trouble{code, {}});
  Connection connection(std::make_unique<CallLimits>(limits), std::unique_ptr<::ldap, Close>(made));
  if (const auto connected = connection.connect(place); !connected) {
    return std::unexpected(connected.error());
  }
  return connection;
}

Result<> Connection::connect(const Place& place) {
  LDAP* const handle = handle_.get();
  set_number(handle, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3);
  set_number(handle, LDAP_OPT_DEREF, LDAP_DEREF_NEVER);
  ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(handle, LDAP_OPT_RESTART, LDAP_OPT_ON);  // a signal is no failure
  Sockbuf* buffer = nullptr;
  if (ldap_get_option(handle, LDAP_OPT_SOCKBUF, static_cast<void*>(&buffer)) == LDAP_OPT_SUCCESS) {
    ber_len_t most = kMostBytes;
    ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most);
    ber_sockbuf_add_io(buffer, &kInTime, kAboveTheSocket, limits_.get());
  }
  const bool ldaps = place.url.starts_with("ldaps:");
  if ((ldaps || place.options.start_tls) && set_tls(handle, place.options) != LDAP_OPT_SUCCESS) {
    return std::unexpected(
        Trouble{LDAP_PARAM_ERROR, "the authorities' certificates in ca_file cannot be read"});
  }
  set_patience();
  const int code = ldap_connect(handle);
  if (code != LDAP_SUCCESS) return std::unexpected(trouble(code));
  return place.options.start_tls ? start_tls() : Result<>();
}

Result<> Connection::start_tls() {
  int id = 0;
  set_patience();
  if (const int code = ldap_start_tls(handle_.get(), nullptr, nullptr, &id); code != LDAP_SUCCESS) {
    return std::unexpected(trouble(code));
  }
  const auto message = wait_for(id, true);
  if (!message) return std::unexpected(message.error());
  if (Trouble said = result_of(*message); said.code != LDAP_SUCCESS) {
    return std::unexpected(std::move(said));
  }
  set_patience();
  const int code = ldap_install_tls(handle_.get());
  return code == LDAP_SUCCESS ? Result<>() : std::unexpected(trouble(code));
}

void Connection::set_patience() {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
      std::max<Steady::duration>(limits_->deadline - Steady::now(), 1ms));
  const timeval patience = as_timeval(left);
  ldap_set_option(handle_.get(), LDAP_OPT_NETWORK_TIMEOUT, &patience);
  ldap_set_option(handle_.get(), LDAP_OPT_TIMEOUT, &patience);
}

Trouble Connection::trouble(int code) const {
  char* said = nullptr;
  ldap_get_option(handle_.get(), LDAP_OPT_DIAGNOSTIC_MESSAGE, static_cast<void*>(&said));
  const std::unique_ptr<char, decltype(&ldap_memfree)> owned(said, &ldap_memfree);
  if (code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR) {
    if (limits_->stop.stop_requested()) return {LDAP_USER_CANCELLED, {}};
    if (Steady::now() >= limits_->deadline) return {LDAP_TIMEOUT, {}};
  }
  return {code, said == nullptr ? "" : said};
}

Result<Connection::Message> Connection::wait_for(int id, bool all) {
  for (;;) {
    if (limits_->stop.stop_requested()) return std::unexpected(Trouble{LDAP_USER_CANCELLED, {}});
    const auto left = limits_->deadline - Steady::now();
    if (left <= Steady::duration::zero()) return std::unexpected(Trouble{LDAP_TIMEOUT, {}});
    timeval slice = as_timeval(std::chrono::duration_cast<std::chrono::microseconds>(
        std::clamp<Steady::duration>(left, 1ms, kSlice)));
    LDAPMessage* read = nullptr;
    const int type =
        ldap_result(handle_.get(), id, all ? LDAP_MSG_ALL : LDAP_MSG_ONE, &slice, &read);
    Message message(read);
    if (type > 0) return message;
    if (type < 0) {
      int code = LDAP_SERVER_DOWN;
      ldap_get_option(handle_.get(), LDAP_OPT_RESULT_CODE, &code);
      return std::unexpected(trouble(code));
    }
  }
}

Trouble Connection::result_of(const Message& message) const {
  int code = LDAP_OTHER;
  char* said = nullptr;
  LDAPControl** controls = nullptr;
  const int read =
      ldap_parse_result(handle_.get(), message.get(), &code, nullptr, &said, nullptr, &controls, 0);
  const std::unique_ptr<char, decltype(&ldap_memfree)> owned(said, &ldap_memfree);
  const std::unique_ptr<LDAPControl*, decltype(&ldap_controls_free)> all(controls,
                                                                         &ldap_controls_free);
  if (read != LDAP_SUCCESS) return {read, {}};
  Trouble trouble{code, said == nullptr ? "" : said};
  LDAPControl* const word =
      controls == nullptr
          ? nullptr
          : ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, nullptr);
  LDAPPasswordPolicyError error = PP_noError;
  if (word != nullptr && ldap_parse_passwordpolicy_control(handle_.get(), word, nullptr, nullptr,
                                                           &error) == LDAP_SUCCESS) {
    trouble.policy = error;
  }
  return trouble;
}

Result<Trouble> Connection::answer_to_bind(const std::string& dn, const Secret& password,
                                           LDAPControl** controls) {
  const std::string& bytes = password.reveal();
  berval credentials{.bv_len = bytes.size(), .bv_val = const_cast<char*>(bytes.data())};
  int id = 0;
  set_patience();
  if (const int code = ldap_sasl_bind(handle_.get(), dn.c_str(), LDAP_SASL_SIMPLE, &credentials,
                                      controls, nullptr, &id);
      code != LDAP_SUCCESS) {
    return std::unexpected(trouble(code));
  }
  const auto message = wait_for(id, true);
  if (!message) return std::unexpected(message.error());
  Trouble said = result_of(*message);
  if (said.code != LDAP_SUCCESS) return std::unexpected(std::move(said));
  return said;
}

Result<> Connection::bind(const std::string& dn, const Secret& password) {
  const auto answer = answer_to_bind(dn, password, nullptr);
  return answer ? Result<>() : std::unexpected(answer.error());
}

Result<bool> Connection::bind_person(const std::string& dn, const Secret& password) {
  // An unauthenticated bind succeeds (RFC 4513 section 5.1.2), and proves nothing.
  if (dn.empty() || password.empty()) {
    return std::unexpected(Trouble{LDAP_INVALID_CREDENTIALS, "not sent: it is empty"});
  }
  char oid[] = LDAP_CONTROL_PASSWORDPOLICYREQUEST;
  LDAPControl ask{.ldctl_oid = oid, .ldctl_value = {}, .ldctl_iscritical = 0};
  std::array<LDAPControl*, 2> controls{&ask, nullptr};
  const auto answer = answer_to_bind(dn, password, controls.data());
  if (!answer) return std::unexpected(answer.error());
  return answer->policy == PP_changeAfterReset;
}

Result<std::vector<Entry>> Connection::search(const Search& search) {
  std::vector<char*> wanted;
  for (const std::string& attribute : search.attributes) {
    wanted.push_back(const_cast<char*>(attribute.c_str()));
  }
  char none[] = LDAP_NO_ATTRS;
  if (wanted.empty()) wanted.push_back(none);
  wanted.push_back(nullptr);
  const auto left = std::chrono::ceil<std::chrono::seconds>(limits_->deadline - Steady::now());
  timeval patience{.tv_sec = std::max<std::int64_t>(left.count(), 1), .tv_usec = 0};
  int id = 0;
  set_patience();
  if (const int code = ldap_search_ext(handle_.get(), search.base.c_str(), scope_of(search.scope),
                                       search.filter.c_str(), wanted.data(), 0, nullptr, nullptr,
                                       &patience, search.most, &id);
      code != LDAP_SUCCESS) {
    return std::unexpected(trouble(code));
  }
  // A message each: a server that sends more than it was asked for is not read any further.
  std::vector<Entry> found;
  for (;;) {
    const auto message = wait_for(id, false);
    if (!message) return std::unexpected(message.error());
    const int type = ldap_msgtype(message->get());
    if (type == LDAP_RES_SEARCH_RESULT) {
      Trouble said = result_of(*message);
      const bool enough = said.code == LDAP_SIZELIMIT_EXCEEDED && !found.empty();
      if (said.code != LDAP_SUCCESS && !enough) return std::unexpected(std::move(said));
      return found;
    }
    if (type != LDAP_RES_SEARCH_ENTRY) continue;
    if (found.size() == static_cast<std::size_t>(search.most)) {
      ldap_abandon_ext(handle_.get(), id, nullptr, nullptr);
      return found;
    }
    found.push_back(read_entry(message->get()));
  }
}

Entry Connection::read_entry(::ldapmsg* message) const {
  LDAP* const handle = handle_.get();
  Entry entry;
  if (char* const dn = ldap_get_dn(handle, message)) {
    entry.dn = dn;
    ldap_memfree(dn);
  }
  BerElement* place = nullptr;
  for (char* name = ldap_first_attribute(handle, message, &place); name != nullptr;
       name = ldap_next_attribute(handle, message, place)) {
    const std::unique_ptr<char, decltype(&ldap_memfree)> owned(name, &ldap_memfree);
    auto& [attribute, values] = entry.attributes.emplace_back(name, std::vector<std::string>());
    const std::unique_ptr<berval*, decltype(&ldap_value_free_len)> all(
        ldap_get_values_len(handle, message, name), &ldap_value_free_len);
    for (berval** value = all.get(); value != nullptr && *value != nullptr; ++value) {
      values.emplace_back((*value)->bv_val, (*value)->bv_len);
    }
  }
  if (place != nullptr) ber_free(place, 0);
  return entry;
}

std::string Connection::encryption() const {
  char* version = nullptr;
  if (ldap_get_option(handle_.get(), LDAP_OPT_X_TLS_VERSION, static_cast<void*>(&version)) !=
          LDAP_OPT_SUCCESS ||
      version == nullptr) {
    return {};
  }
  const std::unique_ptr<char, decltype(&ldap_memfree)> owned(version, &ldap_memfree);
  return version;
}

}  // namespace latchkey::outbound::ldap
