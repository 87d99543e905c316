#include "simulation/node.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/confirm/listeners.h"
#include "domain/ground/server_name.h"
#include "domain/homeserver/changes.h"
#include "domain/oauth/listeners.h"
#include "domain/providers/listeners.h"
#include "domain/sessions/listeners.h"
#include "domain/sessions/lost_rows.h"
#include "domain/signin/listeners.h"

namespace latchkey::simulation {
namespace {

using namespace std::chrono_literals;
using sessions::Worth;
using Word = Answer::Word;

constexpr const char* kServerName = "example.com";
// As app/core.cc has them.
constexpr auto kBelievedFor = 2s;
constexpr auto kQuiet = 1s;
// How often the timers of a coroutine are looked at.
constexpr Moment kTimers = 5ms;

accounts::PasswordOptions cheap_passwords() {
  accounts::PasswordOptions options;
  options.minimum_score = 0;
  options.hashing.hash_memory = config::Bytes{8 * 1024};
  options.hashing.hash_passes = 1;
  return options;
}

telemetry::LogOptions quiet() {
  telemetry::LogOptions options;
  options.level = telemetry::Level::off;
  return options;
}

limits::AttemptLimitOptions without_limits() {
  limits::AttemptLimitOptions options;
  options.enabled = false;
  return options;
}

// Standing -> the answer of the Client-Server API, as endpoints/request/standard_error.cc has it.
Answer told(const sessions::Standing& standing) {
  switch (standing.worth) {
    case Worth::active:
      return {.word = Word::good, .standing = standing};
    case Worth::soft:
      return {.word = Word::soft, .standing = standing};
    case Worth::locked:
      return {.word = Word::locked, .standing = standing};
    case Worth::missing:
    case Worth::unknown:
    case Worth::ended:
      break;
  }
  return {.word = Word::hard, .standing = standing};
}

Answer of_word(Word word) { return {.word = word}; }

Answer of_tokens(const sessions::TokenPair& tokens) {
  return {.word = Word::good,
          .access = tokens.access_token,
          .refresh = tokens.refresh_token.value_or("")};
}

sessions::Use use_of(const Request& request) {
  return {.worker = 0,
          .address = request.by_thief ? "198.51.100.66" : "192.0.2.1",
          .user_agent = "Client/1.0"};
}

}  // namespace

Shelf::Shelf() : log(quiet(), [](std::string_view) {}), passwords(cheap_passwords(), kServerName) {}

struct Node::Domain {
  Domain(Node& node, NodeDatabase& database)
      : outbox(node.clock_),
        ground{.db = database,
               .clock = node.clock_,
               .ids = ids,
               .events = events,
               .metrics = node.parts_.shelf.metrics,
               .log = node.parts_.shelf.log} {
    // As Core::wire_listeners().
    sessions::listen(events, node.clock_,
                     [this]() -> const sessions::Announcer& { return sessions->announcer(); });
    confirm::listen(events);
    signin::listen(events);
    providers::listen(events);
    oauth::listen(events);
    homeserver::listen(events, outbox);
  }

  void open(Node& node, std::shared_ptr<const keys::KeyRing> ring) {
    sessions = std::make_unique<sessions::Sessions>(
        sessions::Sessions::Parts{.ground = ground,
                                  .policy = node.parts_.policy,
                                  .key_file = node.parts_.key_file,
                                  .keys = std::move(ring),
                                  .workers = 1});
    surface.emplace(node.parts_.shelf, ground, *sessions);
  }

  struct Surface {
    Surface(Shelf& shelf, const Ground& ground, sessions::Sessions& sessions)
        : limits(without_limits()),
          check(ground, shelf.passwords, limits, kServerName, shelf.providers),
          login_tokens(ground, {}),
          sign_in(ground, sessions, check, login_tokens, kServerName),
          auth(ground, sessions, check, limits, {}, {}),
          callers(ground, sessions, shelf.services, kServerName),
          browsers(ground, sessions, check, {}),
          operations({.ground = ground,
                      .sessions = sessions,
                      .auth = auth,
                      .browsers = browsers,
                      .checks = check,
                      .passwords = shelf.passwords,
                      .login_tokens = login_tokens}),
          administration(ground, sessions, shelf.passwords, kServerName, shelf.log) {}

    limits::AttemptLimits limits;
    signin::PasswordCheck check;
    signin::LoginTokens login_tokens;
    signin::SignIn sign_in;
    confirm::InteractiveAuth auth;
    signin::Callers callers;
    signin::BrowserSessions browsers;
    self::Operations operations;
    administration::Administration administration;
  };

  events::Events events;
  outbox::Outbox outbox;
  IdSource ids;
  const Ground ground;
  std::unique_ptr<sessions::Sessions> sessions;
  std::optional<Surface> surface;
  std::unique_ptr<db::Listener> listener;
};

Node::Node(Parts parts, const NodeClock& clock) : parts_(std::move(parts)), clock_(clock) {}

Node::~Node() {
  if (running()) die();
}

Cause Node::cause() const {
  if (current_ == nullptr) return {.doing = chore_, .node = parts_.number};
  return {.doing = current_->request.doing,
          .node = parts_.number,
          .call = current_->number,
          .request = &current_->request};
}

// In the order of app/core.cc.
void Node::start() {
  life_ = std::make_shared<int>(0);
  chore_ = Doing::start;
  dying_ = false;
  stopped_until_ = Moment{0};
  database_ = std::make_unique<NodeDatabase>(parts_.dialect,
                                             NodeDatabase::Parts{
                                                 .schedule = parts_.schedule,
                                                 .shared = parts_.shared,
                                                 .random = parts_.random,
                                                 .faults = parts_.faults,
                                                 .node = parts_.number,
                                                 .cause = [this] { return cause(); },
                                                 .wait =
                                                     [this](std::uint64_t number) {
                                                       if (Call* call = find(number)) ++call->waits;
                                                     },
                                                 .resume =
                                                     [this](std::uint64_t number) {
                                                       if (Call* call = find(number)) --call->waits;
                                                       pump(number);
                                                     },
                                                 .stopped_until = [this] { return stopped_until_; },
                                                 .reachable = [this] { return reachable_; },
                                             });
  try {
    auto domain = std::make_unique<Domain>(*this, *database_);
    database_->on_reconnect([this, &opened = domain->sessions](db::Tx& tx) {
      if (opened) {
        opened->reconnected(tx);
      } else {
        sessions::note_gap_and_beat(tx, clock_.now());
      }
    });
    claim_server_name(*database_, kServerName);
    auto ring = keys::open_keys(*database_, parts_.key_file, clock_.now());
    if (!ring) throw db::Unavailable(ring.error());
    domain->open(*this, std::move(*ring));
    database_->write_now([&](db::Tx& tx) { return domain->sessions->note_gap(tx); });
    if (parts_.dialect == db::Dialect::postgresql) {
      sessions::Sessions& sessions = *domain->sessions;
      domain->listener = database_->listen(
          {.on_message = [&sessions](std::string_view payload) { sessions.hear(payload); },
           .on_reconnect =
               [this, &sessions] {
                 sessions.may_have_missed();
                 parts_.hooks.heard_again();
               }});
      sessions.remember_while([listener = domain->listener.get()] {
        const auto now = db::Listener::Clock::now();
        if (listener->last_heard() <= now - kQuiet) listener->catch_up();
        return now - kBelievedFor < listener->last_heard();
      });
    }
    domain_ = std::move(domain);
    database_->let_others_go_on(true);
  } catch (...) {
    database_->die();
    database_.reset();
    life_.reset();
    throw;
  }
}

void Node::die() {
  if (!running()) return;
  if (database_->blocked()) {
    // What blocks has the frames of this node on the stack: it leaves them first.
    dying_ = true;
    database_->doom();
    return;
  }
  life_.reset();
  database_->die();
  calls_.clear();
  domain_->surface.reset();
  domain_->listener.reset();
  domain_.reset();
  database_.reset();
  dying_ = false;
}

void Node::stop() {
  if (!running() || dying_) return;
  if (database_->blocked()) return die();
  database_->let_others_go_on(false);
  database_->drain();
  for (const Doing last : {Doing::first_uses, Doing::activity, Doing::beat}) chore(last);
  database_->close();
  die();
}

Call* Node::find(std::uint64_t number) {
  for (Call& call : calls_) {
    if (call.number == number) return &call;
  }
  return nullptr;
}

Time Node::id_clock() const { return running() ? domain_->ids.clock(clock_.now()) : clock_.now(); }

void Node::stop_process(Moment span) {
  stopped_until_ = parts_.schedule.now() + span;
  if (NodeListener* hears = listener()) hears->hold(stopped_until_ + 20ms);
}

template <class Fn>
bool Node::within_chore(Doing doing, Fn fn) {
  const Doing before = std::exchange(chore_, doing);
  bool done = false;
  try {
    fn();
    done = true;
  } catch (const NodeDied&) {         // below
  } catch (const db::Unavailable&) {  // it is tried again, as app/housekeeping.cc does
  }
  chore_ = before;
  if (dying_ && !database_->blocked()) die();
  return done;
}

bool Node::chore(Doing doing) {
  if (!running() || dying_ || current_ != nullptr || database_->blocked()) return false;
  sessions::Sessions& sessions = *domain_->sessions;
  return within_chore(doing, [&] {
    switch (doing) {
      case Doing::first_uses:
        return sessions.flush_promotions();
      case Doing::activity:
        return sessions.flush_activity();
      case Doing::beat:
        return sessions.heartbeat();
      case Doing::take_keys:
        return sessions.take_announced_keys();
      case Doing::purge:
        sessions.purge();
        while (sessions.delete_unused_devices()) {
        }
        return;
      default:
        return;
    }
  });
}

bool Node::rotate_keys() {
  if (!running() || dying_ || database_->blocked()) return false;
  bool made = false;
  within_chore(Doing::take_keys, [&] {
    auto ring = keys::rotate_keys(*database_, parts_.key_file, clock_.now());
    if (!ring) return;
    made = true;
    domain_->sessions->use_keys(std::move(*ring));
  });
  return made;
}

// --- requests ---

void Node::serve(Request request, std::function<void(const Answer&)> reply) {
  if (!running() || dying_) return;
  const Moment stopped = stopped_until_ - parts_.schedule.now();
  if (stopped > Moment{0}) {
    parts_.schedule.after(stopped, [this, life = std::weak_ptr(life_), request = std::move(request),
                                    reply = std::move(reply)]() mutable {
      if (!life.expired()) serve(std::move(request), std::move(reply));
    });
    return;
  }
  const bool joins =
      request.doing == Doing::use && std::ranges::any_of(calls_, [&request](const Call& before) {
        return before.request.doing == Doing::use && before.request.token == request.token;
      });
  Call& call = calls_.emplace_back();
  call.joins = joins;
  call.number = next_call_++;
  call.request = std::move(request);
  call.began = parts_.schedule.now();
  parts_.hooks.arrived(call);
  boost::asio::co_spawn(
      call.context, handle(call.request, call.number),
      [this, &call, reply = std::move(reply)](const std::exception_ptr& thrown, Answer answer) {
        call.finished = true;
        try {
          if (thrown) std::rethrow_exception(thrown);
        } catch (const db::Unavailable& away) {
          answer = of_word(Word::unavailable);
          answer.why = away.what();
        } catch (const std::exception& fault) {
          return parts_.hooks.failed(call, fault.what());
        }
        parts_.hooks.answered(call, answer);
        reply(answer);
      });
  pump(call.number);
}

void Node::pump(std::uint64_t number) {
  Call* const call = find(number);
  if (call == nullptr) return;
  Call* const before = std::exchange(current_, call);
  call->context.restart();
  call->context.poll();
  current_ = before;
  if (call->finished && call->waits == 0) {
    calls_.remove_if([number](const Call& done) { return done.number == number; });
    return;
  }
  // One that waits for no row waits for a timer. So does one of a node that does not hear, beside
  // the row that its probe asks for.
  const bool timer = call->waits == 0 || !domain_->sessions->hears_other_nodes();
  if (!timer || std::exchange(call->timer, true)) return;
  parts_.schedule.after(kTimers, [this, life = std::weak_ptr(life_), number] {
    if (life.expired()) return;
    if (Call* waiting = find(number)) waiting->timer = false;
    pump(number);
  });
}

Task<Answer> Node::handle(const Request& request, std::uint64_t /*call*/) {
  switch (request.doing) {
    case Doing::use:
      return use(request);
    case Doing::refresh:
      return refresh(request);
    case Doing::login:
      return login(request);
    case Doing::lock:
    case Doing::unlock:
    case Doing::soften:
    case Doing::soften_everybody:
    case Doing::soften_session:
    case Doing::end_session:
    case Doing::sign_out:
      return operate(request);
    default:
      return confirmed(request);
  }
}

Task<Answer> Node::use(const Request& request) {
  sessions::Sessions& sessions = *domain_->sessions;
  const auto use = use_of(request);
  if (sessions.recall(use, request.token) != nullptr) {
    co_return Answer{.word = Word::good, .from_memory = true};
  }
  const auto verdict = co_await sessions.check(use, request.token);
  co_return told(verdict.standing);
}

Task<Answer> Node::refresh(const Request& request) {
  const auto pair = co_await domain_->sessions->refresh(use_of(request), request.token);
  co_return pair ? of_tokens(*pair) : told(pair.error());
}

Task<Answer> Node::login(const Request& request) {
  sessions::NewSession wanted{.device_id = std::nullopt,
                              .refreshes = request.refreshes,
                              .origin = {.address = "192.0.2.1", .user_agent = "Client/1.0"}};
  if (!request.device.empty()) wanted.device_id = request.device;
  const auto done = co_await domain_->surface->sign_in.with_password(
      0, signin::UserName{request.localpart}, request.password, std::move(wanted));
  if (!done) co_return of_word(Word::refused);
  Answer answer = of_tokens(done->tokens);
  answer.device = done->device_id;
  co_return answer;
}

// What a client asks for with its token and, where it destroys something, the person's password.
Task<Answer> Node::confirmed(const Request& request) {
  sessions::Sessions& sessions = *domain_->sessions;
  const auto use = use_of(request);
  if (request.doing == Doing::logout || request.doing == Doing::logout_all) {
    const auto over = request.doing == Doing::logout
                          ? co_await sessions.sign_out(use, request.token)
                          : co_await sessions.sign_out_everywhere(use, request.token);
    co_return over ? of_word(Word::good) : told(over.error());
  }
  Domain::Surface& surface = *domain_->surface;
  const auto caller = co_await surface.callers.identify(use, request.token, {});
  if (!caller) co_return told(caller.error().standing);
  auto checked = co_await surface.check.check(signin::KnownUser{caller->identity.localpart},
                                              request.password, std::string(use.address));
  if (!checked) co_return of_word(Word::refused);
  const self::Proof proof =
      self::proof_of(*caller, {.subject = caller->identity.user, .user = std::move(*checked)});
  std::optional<self::Refused> refused;
  if (request.doing == Doing::change_password) {
    auto done = co_await surface.operations.change_password(proof, request.new_password,
                                                            request.logout_devices);
    if (!done) refused = done.error();
  } else if (request.doing == Doing::delete_devices) {
    auto done = co_await surface.operations.delete_devices(proof, request.devices);
    if (!done) refused = done.error();
  } else {
    auto done = co_await surface.operations.deactivate(proof, false);
    if (!done) refused = done.error();
  }
  if (!refused) co_return of_word(Word::good);
  if (refused->why == self::Refused::Why::session_over) co_return told(refused->standing);
  co_return of_word(Word::refused);
}

Task<Answer> Node::operate(const Request& request) {
  administration::Administration& administration = domain_->surface->administration;
  const accounts::Operator by{"the operator", "local"};
  bool done = true;
  switch (request.doing) {
    case Doing::lock:
      done = (co_await administration.lock(by, request.localpart)).has_value();
      break;
    case Doing::unlock:
      done = (co_await administration.unlock(by, request.localpart)).has_value();
      break;
    case Doing::soften:
      done = (co_await administration.soft_logout_user(by, request.localpart)).has_value();
      break;
    case Doing::soften_everybody:
      co_await administration.soft_logout_everybody(by);
      break;
    case Doing::soften_session:
      done = (co_await administration.soft_logout_session(by, request.session)).has_value();
      break;
    case Doing::end_session:
      done = (co_await administration.end_session(by, request.session)).has_value();
      break;
    default:
      done = (co_await administration.sign_out_user(by, request.localpart)).has_value();
      break;
  }
  co_return of_word(done ? Word::good : Word::refused);
}

}  // namespace latchkey::simulation
