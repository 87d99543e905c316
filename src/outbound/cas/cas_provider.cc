#include "outbound/cas/cas_provider.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "platform/http/percent.h"
#include "platform/text/rfc3339.h"
#include "platform/text/shown.h"

namespace latchkey::outbound {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using http::percent_encode;
using providers::Departure;
using providers::Failure;
using providers::Fields;
using providers::Person;
using Why = Failure::Why;
using Lost = http_client::Failure::Kind;

constexpr std::size_t kRead = 256UL * 1024;
constexpr std::size_t kLongestTicket = 256;  // section 3.1: at least 32, 256 recommended
constexpr std::size_t kMostValues = 100;
// What the clocks of both servers may differ by.
constexpr Duration kSkew = 2min;
// For how long a message of theirs could be sent once more.
constexpr Duration kNoticeLasts = 24h;

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// Of a service, not of a proxy, which nobody is asked about here (section 3.1).
bool is_ticket(std::string_view ticket) {
  return ticket.starts_with("ST-") && ticket.size() <= kLongestTicket &&
         std::ranges::all_of(ticket, [](char c) { return c > ' ' && c < '\x7f'; });
}

// "2026-11-29T12:00:00.123456+01:00[Europe/Berlin]", as Java writes it.
std::optional<Time> read_time(std::string_view text) {
  return text::parse_rfc3339(text.substr(0, text.find('[')));
}

json::object claims_of(const cas::Success& success) {
  json::object claims;
  for (const auto& [name, value] : success.attributes) {
    json::value& claim = claims[name];
    if (claim.is_null()) {
      claim = value;
    } else if (claim.is_string()) {
      claim = json::array{claim, value};
    } else if (claim.as_array().size() < kMostValues) {
      claim.as_array().emplace_back(value);
    }
  }
  claims["user"] = success.user;
  return claims;
}

}  // namespace

CasProvider::CasProvider(CasOptions options, std::string callback, const Clock& clock, Send send)
    : options_(std::move(options)),
      url_(without_slash(options_.url)),
      callback_(std::move(callback)),
      clock_(clock),
      send_(std::move(send)) {}

std::string CasProvider::service(std::string_view state) const {
  return callback_ + "?state=" + percent_encode(state);
}

providers::Reply<Departure> CasProvider::begin(const providers::Beginning& beginning,
                                               const CallLimits&) {
  std::string url = url_ + "/login?service=" + percent_encode(service(beginning.state));
  if (beginning.again) url += "&renew=true";
  return Departure{.url = std::move(url)};
}

std::optional<std::string> CasProvider::state_of(const Fields& fields) const {
  const auto state = providers::single(fields, "state");
  return state ? std::optional(std::string(*state)) : std::nullopt;
}

providers::Reply<cas::Answer> CasProvider::validate(const std::string& service,
                                                    const std::string& ticket, bool again,
                                                    const CallLimits& limits) const {
  const bool newer = options_.version == CasOptions::Version::v3;
  http_client::Request request{
      .method = "GET",
      .url = url_ + (newer ? "/p3/serviceValidate" : "/serviceValidate") +
             "?service=" + percent_encode(service) + "&ticket=" + percent_encode(ticket) +
             (again ? "&renew=true" : ""),
      .most_bytes = kRead,
      .ca_file = options_.ca_file.value,
      .deadline = std::min(limits.deadline, std::chrono::steady_clock::now() + options_.timeout),
      .stop = limits.stop};
  const auto reply = send_(request);
  if (!reply) {
    if (reply.error().kind == Lost::not_trusted) {
      return std::unexpected(
          Failure{Why::misconfigured, "certificate",
                  "the CAS server's certificate is not good: " + reply.error().sentence});
    }
    return std::unexpected(Failure{Why::unavailable, "no_answer",
                                   "the CAS server does not answer: " + reply.error().sentence});
  }
  const std::string status = std::to_string(reply->status);
  if (reply->status >= 500 || reply->status == 429) {
    return std::unexpected(
        Failure{Why::unavailable, "status", "the CAS server answered " + status});
  }
  if (reply->status != 200) {
    return std::unexpected(Failure{Why::misconfigured, "status",
                                   "the CAS server answered " + status + " where " +
                                       (newer ? "protocol 3" : "protocol 2") +
                                       " has its validation: see url and version"});
  }
  auto answer = cas::read_answer(reply->body);
  if (!answer) {
    return std::unexpected(
        Failure{Why::not_believed, "not_cas", "the CAS server's answer " + answer.error()});
  }
  return *std::move(answer);
}

// Section 2.5.3.
Failure CasProvider::meaning_of(const cas::Refusal& refusal, bool again) {
  const std::string said =
      text::shown(refusal.code.substr(0, 100) + ": " + refusal.sentence.substr(0, 300));
  if (refusal.code == "INVALID_TICKET" && again) {
    // Also of one that was given without a password, which `renew` does not allow.
    return {Why::not_fresh, "invalid_ticket", "the CAS server refuses the ticket: " + said};
  }
  if (refusal.code == "INVALID_TICKET" || refusal.code == "INVALID_TICKET_SPEC" ||
      refusal.code == "INVALID_SERVICE") {
    return {Why::not_believed,
            refusal.code == "INVALID_SERVICE" ? "invalid_service" : "invalid_ticket",
            "the CAS server refuses the ticket: " + said};
  }
  if (refusal.code == "INTERNAL_ERROR") {
    return {Why::unavailable, "internal_error", "the CAS server has an error: " + said};
  }
  return {Why::misconfigured, "refused", "the CAS server refuses this server: " + said};
}

providers::Reply<Person> CasProvider::person_of(const cas::Success& success,
                                                const providers::Returned& returned) {
  if (success.user.size() > providers::kLongestSubject || text::has_controls(success.user)) {
    return std::unexpected(
        Failure{Why::not_believed, "bad_user", "the user that the CAS server names cannot be one"});
  }
  std::optional<Time> when;
  if (const auto said = success.first("authenticationDate")) when = read_time(*said);
  // Servers of protocol 2, and some of 3, say nothing of it: they were asked with `renew`, which
  // they check themselves.
  if (returned.again &&
      (success.first("isFromNewLogin") == "false" || (when && *when < returned.begun_at - kSkew))) {
    return std::unexpected(Failure{Why::not_fresh, "not_renewed",
                                   "the CAS server has not asked the person for a password anew"});
  }
  Person person;
  person.subject = success.user;
  person.claims = claims_of(success);
  person.authenticated_at = when;
  return person;
}

providers::Reply<Person> CasProvider::finish(const providers::Returned& returned,
                                             const CallLimits& limits) {
  const auto ticket = providers::single(returned.fields, "ticket");
  if (!ticket) {
    return std::unexpected(
        Failure{Why::denied, "no_ticket", "the person came back from CAS without a ticket"});
  }
  if (!is_ticket(*ticket)) {
    return std::unexpected(
        Failure{Why::not_believed, "invalid_ticket", "what came back is no service ticket"});
  }
  const auto answer =
      validate(service(returned.state), std::string(*ticket), returned.again, limits);
  if (!answer) return std::unexpected(answer.error());
  if (const auto* refusal = std::get_if<cas::Refusal>(&*answer)) {
    return std::unexpected(meaning_of(*refusal, returned.again));
  }
  auto person = person_of(std::get<cas::Success>(*answer), returned);
  if (person) person->session.name = *ticket;
  return person;
}

providers::Reply<providers::LogoutNotice> CasProvider::read_logout(const Fields& fields,
                                                                   const CallLimits&) {
  const auto xml = providers::single(fields, "logoutRequest");
  if (!xml) {
    return std::unexpected(
        Failure{Why::not_believed, "no_request", "there is no logoutRequest in it"});
  }
  auto request = cas::read_logout_request(*xml);
  if (!request) {
    return std::unexpected(
        Failure{Why::not_believed, "not_cas", "the logoutRequest " + request.error()});
  }
  if (!is_ticket(request->session_index)) {
    return std::unexpected(Failure{Why::not_believed, "invalid_ticket",
                                   "the logoutRequest is not about a service ticket"});
  }
  // A ticket ends once: by it a second message is known, whatever it calls itself.
  return providers::LogoutNotice{.subject = {},
                                 .session = request->session_index,
                                 .id = request->session_index,
                                 .expires_at = clock_.now() + kNoticeLasts};
}

std::optional<Departure> CasProvider::sign_out(const providers::SigningOut& leaving) {
  // What comes back is the service as it is (CAS Protocol 3.0 section 2.3.2).
  std::string service = leaving.return_to;
  if (!leaving.state.empty()) service += "?state=" + percent_encode(leaving.state);
  return Departure{.url = url_ + "/logout?service=" + percent_encode(service)};
}

providers::Reply<std::vector<std::string>> CasProvider::test(const CallLimits& limits) {
  const auto answer = validate(service("test"), "ST-0-no-such-ticket", false, limits);
  if (!answer) return std::unexpected(answer.error());
  const auto* refusal = std::get_if<cas::Refusal>(&*answer);
  if (refusal == nullptr) {
    return std::unexpected(Failure{Why::not_believed, "believes_all",
                                   "the CAS server takes a ticket that it cannot have given"});
  }
  const Failure failure = meaning_of(*refusal, false);
  if (failure.why != Why::not_believed) return std::unexpected(failure);
  return std::vector<std::string>{url_ + ": answers, and refuses a ticket that is not its own (" +
                                  text::shown(refusal->code.substr(0, 100)) + ")"};
}

}  // namespace latchkey::outbound
