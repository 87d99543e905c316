#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outbound/ldap/ldap_options.h"
#include "outbound/ldap/result_codes.h"
#include "platform/call_limits.h"
#include "platform/secret.h"

struct ldap;
struct ldapcontrol;
struct ldapmsg;

namespace latchkey::outbound::ldap {

struct Entry {
  std::string dn;
  std::vector<std::pair<std::string, std::vector<std::string>>> attributes;

  // None, where the entry has no such attribute.
  const std::vector<std::string>& values(std::string_view attribute) const;
};

struct Search {
  std::string base;
  LdapOptions::Scope scope = LdapOptions::Scope::base;
  std::string filter = "(objectClass=*)";
  std::vector<std::string> attributes = {};  // none: only whether there is an entry
  int most = 1;                              // entries that are asked for
};

template <class T = void>
using Result = std::expected<T, Trouble>;

// A connection to one server, for one thread. Every call is over by the deadline (except that the
// system's resolver takes the time that it takes), and notices a stop within half a second once the
// connection is made. What a server sends is read up to a megabyte per message; referrals are not
// followed. ldap.conf and its environment decide nothing that matters here.
class Connection {
 public:
  struct Place {
    const std::string& url;
    const LdapOptions& options;
  };
  static Result<Connection> open(const Place& place, const CallLimits& limits);

  // Signs in as somebody; an empty name is nobody (anonymous). What was signed in before is over,
  // whatever comes of it.
  Result<> bind(const std::string& dn, const Secret& password);
  // With the password policy's word asked for. True: good, but has to be changed first.
  Result<bool> bind_person(const std::string& dn, const Secret& password);
  // More than `most` entries: that many. Referrals to other servers are left out.
  Result<std::vector<Entry>> search(const Search& search);

  // "TLS1.3"; empty: not encrypted.
  std::string encryption() const;

 private:
  struct Close {
    void operator()(::ldap* handle) const;
  };
  struct Free {
    void operator()(::ldapmsg* message) const;
  };
  using Message = std::unique_ptr<::ldapmsg, Free>;

  Connection(std::unique_ptr<CallLimits> limits, std::unique_ptr<::ldap, Close> handle)
      : limits_(std::move(limits)), handle_(std::move(handle)) {}
  Result<> connect(const Place& place);
  Result<> start_tls();
  Result<Trouble> answer_to_bind(const std::string& dn, const Secret& password,
                                 ::ldapcontrol** controls);
  // For how long libldap itself waits.
  void set_patience();
  Trouble trouble(int code) const;
  Result<Message> wait_for(int id, bool all);
  // The result that the last of these messages is.
  Trouble result_of(const Message& message) const;
  Entry read_entry(::ldapmsg* message) const;

  std::unique_ptr<CallLimits> limits_;  // which the handle's layer reads
  std::unique_ptr<::ldap, Close> handle_;
};

}  // namespace latchkey::outbound::ldap
