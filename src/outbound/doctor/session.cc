// A session as a person begins, uses and ends it.

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "outbound/doctor/examinations.h"
#include "platform/text/json.h"

namespace latchkey::doctor {
namespace {

namespace json = boost::json;

constexpr std::string_view kDevice = "LATCHKEYDOCTOR";

void seen_from(const Facts& facts, const Heard& device, Report& report) {
  const auto object = object_of(device);
  const std::string_view address = text::text_of(object, "last_seen_ip");
  const bool inside = address.starts_with("127.") || address == "::1" || address == "unix";
  if (inside && !local(host_of_url(facts.matrix_url)) && through_a_proxy(facts)) {
    report.advise(
        "forwarded addresses", fmt::format("this request seems to come from {}", address),
        "the reverse proxy has to set X-Forwarded-For; if this was asked on the same machine, "
        "all is well");
  }
}

void capabilities(const Heard& heard, Report& report) {
  const auto object = object_of(heard);
  const auto* of = object.if_contains("capabilities");
  if (heard.status != 200 || of == nullptr || !of->is_object() ||
      !of->as_object().contains("m.room_versions")) {
    report.wrong(
        "capabilities",
        fmt::format("GET /capabilities answers {} without m.room_versions", told(heard)),
        "the reverse proxy: /capabilities goes where latchkey homeserver config nginx, or caddy, "
        "sends it");
    return;
  }
  report.good("capabilities", "are the homeserver's");
}

}  // namespace

void session(const Facts& facts, const Ask& ask, const Account& account, Report& report) {
  const json::object identifier{{"type", "m.id.user"}, {"user", account.name}};
  Question sign_in = from_outside(facts, {"POST", "/_matrix/client/v3/login"});
  sign_in.body =
      Secret(json::serialize(json::object{{"type", "m.login.password"},
                                          {"identifier", identifier},
                                          {"password", account.password.reveal()},
                                          {"device_id", kDevice},
                                          {"initial_device_display_name", "latchkey doctor"}}));
  const Heard signed_in = ask(sign_in);
  const std::string token(text::text_of(object_of(signed_in), "access_token"));
  if (token.empty()) {
    report.wrong("a session", fmt::format("{} cannot sign in: {}", account.name, told(signed_in)),
                 signed_in.status == 403 ? "the password, or the name"
                 : signed_in.status == 503
                     ? "see this server's log: it could not make the device at the homeserver"
                     : "see this server's log");
    return;
  }
  report.good("a session", fmt::format("{} signs in", account.name));
  const auto with_token = [&](const Route& route) {
    Question asked = from_outside(facts, route);
    asked.bearer = token;
    return asked;
  };
  if (facts.behind_synapse) {
    const Heard sync = ask(with_token({"GET", kSync}));
    if (sync.status != 200) {
      report.wrong(
          "a session", fmt::format("a new token is answered {} by /sync", told(sync)),
          sync.status == 500 || sync.status == 401
              ? "Synapse does not know its user or device: homeserver.kind: synapse, and the same "
                "server_name on both"
              : "see Synapse's log");
    }
  }
  const std::string device = fmt::format("/_matrix/client/v3/devices/{}", kDevice);
  seen_from(facts, ask(with_token({"GET", device})), report);
  if (facts.behind_synapse) {
    capabilities(ask(with_token({"GET", "/_matrix/client/v3/capabilities"})), report);
  }
  Question log_out = with_token({"POST", "/_matrix/client/v3/logout"});
  log_out.body = Secret("{}");
  const Heard ended = ask(log_out);
  if (ended.status != 200) {
    report.wrong("a session", fmt::format("logging out is answered {}", told(ended)),
                 "see this server's log");
    return;
  }
  const Heard after =
      ask(with_token({"GET", facts.behind_synapse ? kSync : "/_matrix/client/v3/account/whoami"}));
  const auto object = object_of(after);
  const auto* soft = object.if_contains("soft_logout");
  if (after.status == 401 && soft != nullptr && soft->is_bool() && !soft->as_bool()) {
    report.good("a session", "a token that was logged out is refused at once");
  } else {
    report.wrong(
        "a session",
        fmt::format("a token that was logged out is answered {}: the homeserver goes by what it "
                    "remembers",
                    told(after)),
        "the reverse proxy's check (the edge), also for this path");
  }
}

}  // namespace latchkey::doctor
