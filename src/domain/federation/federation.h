#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/confirm/interactive_auth.h"
#include "domain/federation/newcomer.h"
#include "domain/ground/batches.h"
#include "domain/limits/attempt_limits.h"
#include "domain/providers/arrival.h"
#include "domain/providers/attempt_rows.h"
#include "domain/providers/link_rows.h"
#include "domain/providers/provider_session_rows.h"
#include "domain/providers/provider_set.h"
#include "domain/registration/registration.h"
#include "domain/self/proof.h"
#include "domain/signin/browser_sessions.h"
#include "platform/telemetry/line_budget.h"
#include "platform/threads/work_pool.h"

// People who are sent to an identity provider with their browser, and come back.
//
//   page ── leave() ──► the provider ── arrive() ──► signed in, linked or confirmed, here or for
//                                          │         an app (user-interactive authentication)
//                                          │
//                                          └──► a question: choose a name, or prove the account
//                                                    └── choose(), prove() ──► signed in
//
// A way is begun and ended in one browser: its state comes back with the person, and counts only
// together with a cookie that never left. What is said of a person is judged by who speaks the
// provider's protocol (outbound/…), what follows from it by providers::course_of().
namespace latchkey::federation {

using providers::Course;
using providers::Fields;
using providers::Purpose;

// Somebody who is to be sent away.
struct Leaving {
  std::string provider;
  Purpose purpose = Purpose::sign_in;
  std::optional<UserId> visitor = {};  // for whom, unless the purpose is to sign in
  std::string next;                    // the page to go on at
  std::string login_hint = {};
  std::string confirms = {};  // the authentication session that is to be confirmed
  std::string browser;        // the cookie of this browser's ways (new_browser())
  std::string address;
};

// Why somebody does not get on.
struct Refused {
  enum class Why : std::uint8_t {
    unknown_provider,
    unavailable,    // the provider
    misconfigured,  // here or there: the operator has to look
    too_many,       // ways from this address
    busy,           // too many are on their way just now
    way_over,       // there is none of that state in this browser, or no longer
    denied,
    not_fresh,
    not_believed,
    signed_out,         // the visitor, meanwhile
    confirmation_over,  // nothing is to be confirmed any more
    no_account,
    name_taken,
    linked_elsewhere,
    another_person,
    locked,
    deactivated,
    last_way_in,  // the link that is to go
    question,     // something has to be asked first, which only a page can do
  };
  Why why;
  Duration retry_after{0};
  std::string provider = {};  // as people know it
  std::string next = {};      // where the way was to lead; empty: not known
  Purpose purpose = Purpose::sign_in;
  // For the log alone.
  std::string provider_id = {};  // empty: not known
  std::string_view reason = {};  // in one word; empty: `why` says it
  std::string detail = {};       // a sentence, of the provider's part; holds no secret
};

// Somebody has arrived and is signed in, or has confirmed who they are, under a new cookie.
struct SignedIn {
  signin::BrowserSignedIn browser;
  std::string next;
  Course course;
};
// The visitor's account has one more way in, or had it already.
struct Linked {
  std::string next;
  Course course;
};
// What the person's app wants to do is confirmed. Nobody is signed in in the browser by that.
struct Confirmed {
  std::string session;  // of the authentication
};
// Who has signed out here, and is signed in at the provider still.
struct StillThere {
  std::string provider;                                // as people know it
  std::string state;                                   // of the way there
  bool ends_apps = false;                              // it may end what the browser has let in
  std::optional<providers::Departure> departure = {};  // they go there; absent: it is offered
};
// Who has signed out there too.
struct SignedOutThere {
  std::string provider;
  std::string next;  // an app's address, at which they go on; empty: none
};
// What is to be asked first.
struct Question {
  Course course;             // choose_name or prove_account
  std::string state;         // of the way, for the form
  std::string provider;      // as people know it
  std::string localpart;     // proposed, or of the account to prove; may be empty
  std::string display_name;  // may be empty
  std::string email;         // that will be the account's; may be empty
};
using Arrived = std::variant<SignedIn, Linked, Confirmed, Question>;

// A way in of an account, as its person sees it.
struct WayIn {
  std::string provider_id;
  std::string provider;  // as people know it; empty: it is not configured any more
  std::string subject;
  Time created_at;
  std::optional<Time> used_at;
  std::optional<Time> logout_at;  // when the provider last told of a sign-out there
};

// After how long it is worth trying again when too many are on their way, or the provider does not
// answer.
inline constexpr Duration kBusyFor = std::chrono::seconds{5};

class Federation {
 public:
  struct Parts {
    const Ground& ground;
    sessions::Sessions& sessions;
    const providers::ProviderSet& providers;
    signin::BrowserSessions& browsers;
    signin::PasswordCheck& passwords;
    registration::Registration& registration;
    confirm::InteractiveAuth& auth;
    limits::AttemptLimits& limits;
    const self::Admission& admission;
    std::string server_name;
    Duration patience = std::chrono::seconds{10};  // with a provider
    std::size_t threads = 8;  // people of one provider for whom it is asked at once
    std::size_t queue = 200;  // and those that wait for one of these
  };
  explicit Federation(Parts parts);
  ~Federation();
  Federation(const Federation&) = delete;
  Federation& operator=(const Federation&) = delete;

  // Ends the calls that run and the threads that wait for providers. To be called while the server
  // whose handlers wait for them still exists.
  void close();

  const providers::ProviderSet& providers() const { return parts_.providers; }

  // A cookie for the ways of a browser that has none.
  static std::string new_browser();

  Task<std::expected<providers::Departure, Refused>> leave(Leaving leaving);

  // What a provider's form has brought, kept for the browser that brings it: a browser sends no
  // cookie of ours with another site's form. The state of the way on which it is to come back.
  Task<std::expected<std::string, Refused>> hold(std::string provider, Fields fields);

  // Whoever comes back from that provider, with what was held for them if there is something.
  // `browser`: the cookie that leave() was told. `visitor`: who is signed in by now, `cookie`: by
  // which cookie.
  struct Returning {
    std::string provider;
    Fields fields;
    std::string browser;
    std::optional<signin::BrowserSession> visitor = {};
    std::string cookie;
    sessions::Origin origin;
  };
  Task<std::expected<Arrived, Refused>> arrive(Returning returning);

  // --- who comes for the first time (first_sign_in.cc) ---

  // The question of a way that has arrived, once more.
  Task<std::expected<Question, Refused>> question(std::string state, std::string browser);

  struct Choice {
    std::string state;
    std::string browser;
    std::string localpart;  // as typed
    bool terms = false;     // all of them accepted
    std::string cookie;
    sessions::Origin origin;
    std::size_t worker = 0;
  };
  using ChoiceRefused = std::variant<Refused, registration::RegistrationRefused>;
  // Makes the account that choose_name asks about, linked.
  Task<std::expected<SignedIn, ChoiceRefused>> choose(Choice choice);

  struct Proving {
    std::string state;
    std::string browser;
    std::string password;
    std::string cookie;
    sessions::Origin origin;
  };
  // Links the account that prove_account asks about.
  Task<std::expected<SignedIn, std::variant<Refused, signin::LoginRefused>>> prove(Proving proving);

  // --- who gives a directory's password here, and has no account yet (by_password.cc) ---

  // Of these the domain knows by signin::LoginRefused::Why::first_time.
  struct Coming {
    std::shared_ptr<const signin::DirectoryPerson> who;
    std::string next;     // the page to go on at
    std::string browser;  // the cookie of this browser's ways (new_browser())
    std::string cookie;   // of the browser's session; may be empty
    sessions::Origin origin;
    std::size_t worker = 0;
  };
  // On a page: as somebody who comes back from a provider. Where the configuration says all that
  // would be asked, nothing is.
  Task<std::expected<Arrived, Refused>> arrive_by_password(Coming coming);
  // Where nothing can be asked (POST /login): their account, found or made and linked.
  Task<std::expected<signin::CheckedUser, Refused>> welcome(Coming coming);

  // --- signed out there (provider_logout.cc) ---

  // What a provider itself says is over: what it has begun ends, in the browser and in the apps
  // that the browser has let in, as `logout` of its options says. Each notice counts once; an
  // address that has sent too many which are none waits. `query`: where it stands in an address,
  // that to the letter.
  struct Heard {
    std::size_t sessions = 0;  // of browsers, that it was about
    // Where the browser goes on that has brought it; absent: nowhere.
    std::optional<providers::Departure> answer = {};
  };
  Task<std::expected<Heard, Refused>> hear_logout(std::string provider, Fields fields,
                                                  std::string address,
                                                  std::optional<std::string> query = {});

  // What a provider has to know of this server, where its protocol has a document for that.
  Task<std::expected<std::string, Refused>> own_metadata(std::string provider);

  // --- signing out there (provider_sign_out.cc) ---

  struct SignOut {
    signin::BrowserSession who;
    std::string browser;    // the cookie of this browser's ways
    std::string return_to;  // where who comes back is told that they are signed out
    std::string next = {};  // an app's address, to which they are led then
    bool there = false;     // they have said that they want to be signed out there too
  };
  // Signs the browser out, whatever the provider says. Absent: no provider has a part in it.
  Task<std::optional<StillThere>> sign_out(SignOut leaving);
  // Which provider signs a browser out too if its person says so, as people know it; empty: none.
  Task<std::string> offered_sign_out(signin::BrowserSession who);
  // What was offered, once more, and when it is taken. Absent: it is over.
  Task<std::optional<StillThere>> still_there(std::string state, std::string browser);
  Task<std::optional<StillThere>> go_there(std::string state, std::string browser,
                                           std::string return_to);
  // Who comes back with that state. Absent: nobody went there with it.
  Task<std::optional<SignedOutThere>> come_back(std::string state, std::string browser);

  // --- the links of an account (ways_in.cc) ---

  Task<std::vector<WayIn>> ways_in(UserId user);
  // The provider to which somebody who wants to sign in is sent at once: the one that was asked
  // for, if there is one of that id, or the only one that leads to the account they name, or the
  // only way in there is. Absent: they choose. `user`: as typed, may be empty. That an account is
  // there is no secret (its name is taken), and a client whose session has ended needs to find back
  // (MSC3741).
  Task<std::optional<std::string>> provider_at_once(std::string asked_for, std::string user);
  // Takes one away, unless it is the last way in. The browser has to be fresh.
  Task<std::expected<void, std::variant<Refused, self::Refused>>> unlink(self::BrowserProof who,
                                                                         std::string provider,
                                                                         std::string subject,
                                                                         std::string address);

  // As people know them, by the browser session that each has begun.
  Task<std::map<BrowserSessionId, std::string>> browsers_by(UserId user);

  // Into the log, why somebody did not get on: with the number of the request, which they were
  // shown and may tell.
  void note_refusal(const Refused& refused, std::string_view request, std::string_view address);

  // Deletes what has expired, and ends what is older than its provider wants it.
  void purge(const Batches& batches = {});

 private:
  using Why = Refused::Why;

  struct Way {
    const providers::Provider* provider = nullptr;
    providers::Attempt attempt;
    std::string state;

    std::string next() const;
  };
  // Who is at the end of a way, and how they got there.
  struct Entering {
    const Way& way;
    const Newcomer& who;
    const sessions::Origin& origin;
    const std::string& cookie;
  };

  static std::string new_state();
  // What a provider has begun in a browser.
  struct Begun {
    const providers::Provider* provider;
    providers::BegunThere row;
  };
  Task<std::optional<Begun>> find_begun(const signin::BrowserSession& who);
  // A way of this browser's on which somebody signs out.
  Task<std::optional<Way>> find_way_out(const std::string& state, const std::string& browser);
  Task<std::optional<providers::Departure>> departure_of(const Way& way, std::string return_to);
  // A way of this browser's that is not over.
  Task<std::expected<Way, Refused>> find_way(const std::string& state, const std::string& browser);
  // The same, with who has arrived and is asked something.
  struct Asked {
    Way way;
    Newcomer who;
    std::string account;  // its localpart; empty: they choose a name

    Course course() const { return account.empty() ? Course::choose_name : Course::prove_account; }
  };
  Task<std::expected<Asked, Refused>> find_asked(const std::string& state,
                                                 const std::string& browser);
  // What the provider says of who is back.
  Task<std::expected<Newcomer, Refused>> ask(const Way& way, Fields fields);
  static Refused refusal(const Way& way, Why why, std::string_view reason = {});
  static Refused refusal(const Way& way, const providers::Failure& failure);
  static Why providers_part(providers::Failure::Why why);
  // Why a course leads nowhere; absent: it leads on.
  static std::optional<Why> end_of(Course course);
  // How long somebody may take over a question.
  static constexpr Duration kAsked = std::chrono::minutes{30};
  // Of a call of a provider that is asked for now: who waits for their turn does not wait longer.
  CallLimits limits() const;
  threads::WorkPool& pool_of(const providers::Provider& provider) { return pools_.at(&provider); }

  // A way that ends where it begins.
  Way way_by_password(const Coming& coming) const;
  // What it means that somebody is here, with the accounts concerned, which are locked.
  struct Meaning {
    Course course;
    std::optional<accounts::User> linked;
    std::optional<accounts::User> namesake;
  };
  static Meaning meaning_of(db::Tx& tx, const Way& way, const Newcomer& who);
  // Whether all is known that a newcomer would be asked.
  bool nothing_to_ask(const Newcomer& who) const;
  // The account of somebody new, made without a question.
  Task<std::expected<accounts::Account, Refused>> make_account(const Coming& coming, const Way& way,
                                                               const Newcomer& who);

  // Each in the caller's transaction.
  std::expected<Arrived, Refused> settle(db::Tx& tx, const Way& way, const Newcomer& who,
                                         const Returning& returning);
  std::expected<Arrived, Refused> settle_visitor(db::Tx& tx, const Entering& entering,
                                                 Course course, const Returning& returning);
  std::expected<Arrived, Refused> settle_confirmation(db::Tx& tx, const Entering& entering);
  // The account has to be locked.
  std::expected<SignedIn, Refused> sign_in(db::Tx& tx, const Entering& entering,
                                           const sessions::Account& account, Course course);
  void note_use(db::Tx& tx, const Entering& entering);
  // False: the subject is somebody's already.
  bool add_link(db::Tx& tx, const Entering& entering, const sessions::Account& account);
  // In the audit, of the account's own person.
  void note(db::Tx& tx, const sessions::Account& account, const std::string& address,
            std::string_view action, const std::string& link) const;
  void take_over_profile(db::Tx& tx, const Entering& entering, UserId user);
  void remember_session(db::Tx& tx, const Entering& entering, UserId user,
                        BrowserSessionId browser);
  std::size_t end_all_begun(db::Tx& tx, const providers::Provider& from, const std::string& subject,
                            const std::string& session);
  void end_begun(db::Tx& tx, const providers::Provider& from, const providers::BegunThere& begun);
  void end_let_in(db::Tx& tx, const providers::BegunThere& begun, Ended how, EndReason why);
  void end_old();
  static std::optional<accounts::User> find_namesake(db::Tx& tx, const Newcomer& who);
  static Question question_of(const Asked& asked);
  // The only provider that leads to the account; absent: there is no such account, or another way.
  Task<std::optional<std::string>> only_way_in(std::string user);

  const Parts parts_;
  telemetry::LineBudget refusals_{100};  // in a second: strangers cause them
  std::stop_source stop_;
  // Each provider's own, so that one that hangs keeps nobody from another. Last: their threads use
  // the rest.
  std::map<const providers::Provider*, threads::WorkPool> pools_;
};

}  // namespace latchkey::federation
