#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/call_limits.h"
#include "platform/secret.h"
#include "platform/time.h"

// Identity providers: others who know people already, and whom they may be sent to, or whose
// passwords they may give, to sign in here (spec "Client login via SSO"). What one says of a person
// is judged by whoever speaks its protocol (outbound/oidc, outbound/ldap, outbound/saml,
// outbound/cas); what follows from it is decided in this room, in the same way for every kind.
namespace latchkey::providers {

enum class Kind : std::uint8_t { oidc, ldap, saml, cas };

// The longest name by which a provider may know somebody, in bytes.
inline constexpr std::size_t kLongestSubject = 255;

// Fields of a query or form, in their order.
using Fields = std::vector<std::pair<std::string, std::string>>;
// The value of a field that is there once; otherwise nothing.
std::optional<std::string_view> single(const Fields& fields, std::string_view name);

// A sign-in at the provider, which outlasts the moment: it may be ended from either side.
struct ProviderSession {
  // By which the provider will name it when it ends: `sid` (OpenID Connect), SessionIndex (SAML),
  // the service ticket (CAS). Empty: it names none, and ends all of the subject's.
  std::string name;
  // What the provider wants to see again when the person signs out here: the ID token, the NameID.
  Secret hint;
};

// What a provider has said of a person, and everything that had to be checked of it was.
struct Person {
  // Who it is among the provider's people: never what was typed, and the same for ever. OpenID
  // Connect: `sub`. SAML: a persistent NameID or the configured attribute. LDAP: the configured
  // attribute of the entry (binary ones in hexadecimal digits). CAS: the user. Not empty, at most
  // 255 bytes of UTF-8.
  std::string subject;
  // What templates read (claims_template.h): claims, or attributes as texts or arrays of texts.
  boost::json::object claims = {};
  // When the person last proved to the provider who they are; absent: it does not say.
  std::optional<Time> authenticated_at = {};
  // Whether it says that they are an administrator here, of what the configuration names for that;
  // absent: the configuration names nothing.
  std::optional<bool> administrator = {};
  ProviderSession session = {};
  // By which what was said is told from everything else that the provider says: it counts once.
  // Empty: nobody could bring it twice.
  std::string once = {};
};

// Why a provider's part came to nothing.
struct Failure {
  enum class Why : std::uint8_t {
    unavailable,        // it does not answer, or says that it cannot just now: try again
    denied,             // the person has not agreed, or it lets them not in here
    wrong_credentials,  // of a password: or no such person, which is not told apart
    not_fresh,          // it was asked to have the person prove themselves anew, and did not
    not_believed,       // what came back is not what a true answer looks like
    misconfigured,      // it does not know us, or not as we were told to present ourselves
  };
  Why why = Why::not_believed;
  // In one word, for tests and for whoever counts: "wrong_issuer", "expired".
  std::string_view reason;
  // For the log and for whoever tests the configuration; holds no secret.
  std::string sentence;
};

template <class T>
using Reply = std::expected<T, Failure>;

// What a provider is asked for when a browser is sent to it.
struct Beginning {
  std::string state;         // comes back with the person: 43 characters of base62
  bool again = false;        // the person has to prove themselves anew
  std::string login_hint{};  // who they are, if that is known
};

// How the browser goes there.
struct Departure {
  std::string url;
  Fields posted = {};     // what it sends along as a form; empty: it is sent by a redirect
  std::string memo = {};  // what finish() has to know of it: at most 1 KiB, nobody else sees it
};

// What came back.
struct Returned {
  Fields fields;  // of the query, or of the form
  std::string state;
  std::string memo;
  bool again = false;
  Time begun_at;
};

// Somebody who has signed out here and is to be signed out there.
struct SigningOut {
  ProviderSession session;
  std::string return_to;  // an address of this server that was agreed with the provider
  std::string state;      // comes back with them, where the protocol has a place for it
};

// What a provider says that is over. One of the two may be empty, but not both.
struct LogoutNotice {
  std::string subject;
  std::string session;  // ProviderSession::name
  // By which it is told from every other, so that it counts once, and until when it could come
  // again.
  std::string id;
  Time expires_at;
  // Others that are over too.
  std::vector<std::string> more_sessions = {};
  // Where the browser goes on that has brought it; absent: nowhere.
  std::optional<Departure> answer = {};
};

// A provider to which people are sent with their browsers. Calls wait for its answers, so none is
// made on a thread that serves requests, nor within a transaction. For any number of threads.
class BrowserProvider {
 public:
  virtual ~BrowserProvider() = default;

  virtual Reply<Departure> begin(const Beginning& beginning, const CallLimits& limits) = 0;
  // Who came back with it. That the state is one of this browser's has been seen.
  virtual Reply<Person> finish(const Returned& returned, const CallLimits& limits) = 0;
  // The state in what came back; absent: there is none.
  virtual std::optional<std::string> state_of(const Fields& fields) const = 0;

  // What the provider itself says of a sign-in that is over: the fields of a form, or of a query
  // where the browser brings it.
  virtual Reply<LogoutNotice> read_logout(const Fields& fields, const CallLimits& limits) = 0;
  // The same where the browser brings it in an address: `query` is that to the letter, for whoever
  // has signed it so.
  virtual Reply<LogoutNotice> read_logout_in_address(std::string_view query, const Fields& fields,
                                                     const CallLimits& limits);
  // Whether it is no such word, but the browser back from sign_out().
  virtual bool ends_sign_out(const Fields& fields) const;
  // Where the browser goes to be signed out there too; absent: it has no such place.
  virtual std::optional<Departure> sign_out(const SigningOut& leaving) = 0;

  // Asks it for all that a sign-in needs of it, as far as that can be seen without a person: for
  // `latchkey provider test`. What is fine, a sentence each.
  virtual Reply<std::vector<std::string>> test(const CallLimits& limits) = 0;

  // What the provider has to know of this server, as a document of its protocol; absent: it has
  // none.
  virtual std::optional<std::string> own_metadata();
};

// A provider whose people give their passwords here. Calls as above.
class PasswordProvider {
 public:
  virtual ~PasswordProvider() = default;

  // Whose password it is. An empty one is nobody's, and is never sent.
  virtual Reply<Person> check(std::string_view user, const Secret& password,
                              const CallLimits& limits) = 0;
  // Whether it is the password of somebody who is known already, whatever they are called there by
  // now. `user` is what was typed, for a directory in which nobody can be searched for.
  virtual Reply<Person> check_known(std::string_view subject, std::string_view user,
                                    const Secret& password, const CallLimits& limits) = 0;
  // Whether it still knows the subject and would let them in.
  enum class Presence : std::uint8_t { there, disabled, gone };
  virtual Reply<Presence> look_up(std::string_view subject, const CallLimits& limits) = 0;

  virtual Reply<std::vector<std::string>> test(const CallLimits& limits) = 0;
};

}  // namespace latchkey::providers
