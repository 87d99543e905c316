#include "domain/providers/providers_testing.h"

#include <utility>

namespace latchkey::providers::testing {

Reply<Departure> ScriptedProvider::begin(const Beginning& beginning, const CallLimits&) {
  asked_again = beginning.again;
  return Departure{.url = "https://idp.example/authorize?state=" + beginning.state,
                   .memo = "memo of " + beginning.state};
}

Reply<Person> ScriptedProvider::finish(const Returned& returned, const CallLimits&) {
  if (returned.memo != "memo of " + returned.state) {
    return std::unexpected(Failure{.reason = "wrong_memo", .sentence = "another way's memo"});
  }
  return who(returned);
}

std::optional<std::string> ScriptedProvider::state_of(const Fields& fields) const {
  const auto state = single(fields, "state");
  return state ? std::optional(std::string(*state)) : std::nullopt;
}

Reply<LogoutNotice> ScriptedProvider::read_logout(const Fields& fields, const CallLimits&) {
  if (!single(fields, "jti")) {
    return std::unexpected(Failure{.reason = "no_id", .sentence = "no notice"});
  }
  LogoutNotice notice{.subject = std::string(single(fields, "sub").value_or("")),
                      .session = std::string(single(fields, "sid").value_or("")),
                      .id = std::string(single(fields, "jti").value_or("")),
                      .expires_at = Time::max()};
  for (const auto& [name, value] : fields) {
    if (name == "another sid") notice.more_sessions.push_back(value);
  }
  if (const auto back = single(fields, "back")) {
    notice.answer = Departure{.url = std::string(*back)};
  }
  return notice;
}

std::optional<std::string> ScriptedProvider::own_metadata() { return document; }

std::optional<Departure> ScriptedProvider::sign_out(const SigningOut& leaving) {
  if (!signs_out) return std::nullopt;
  return Departure{.url = "https://idp.example/end?hint=" + leaving.session.hint.reveal() +
                          "&back=" + leaving.return_to + "&state=" + leaving.state};
}

Reply<std::vector<std::string>> ScriptedProvider::test(const CallLimits&) {
  return std::vector<std::string>{};
}

namespace {

Failure nobody() {
  return {.why = Failure::Why::wrong_credentials, .reason = "unknown", .sentence = "nobody"};
}

}  // namespace

Reply<Person> ScriptedDirectory::check(std::string_view user, const Secret& password,
                                       const CallLimits&) {
  ++asked;
  if (!who) return std::unexpected(nobody());
  return who(std::string(user), "", password.reveal());
}

Reply<Person> ScriptedDirectory::check_known(std::string_view subject, std::string_view,
                                             const Secret& password, const CallLimits&) {
  ++asked;
  if (!who) return std::unexpected(nobody());
  return who("", std::string(subject), password.reveal());
}

Reply<PasswordProvider::Presence> ScriptedDirectory::look_up(std::string_view subject,
                                                             const CallLimits&) {
  return presence ? presence(std::string(subject)) : Presence::gone;
}

Reply<std::vector<std::string>> ScriptedDirectory::test(const CallLimits&) {
  return std::vector<std::string>{};
}

ScriptedDirectory& directory_of(const ProviderSet& providers, std::string_view id) {
  return static_cast<ScriptedDirectory&>(*providers.find(id)->password);
}

ProviderSet set_of(std::vector<ProviderOptions> configured) {
  std::vector<Provider> all;
  for (ProviderOptions& options : configured) {
    Provider& provider = all.emplace_back();
    provider.templates = templates_of(options);
    if (options.kind == Kind::ldap) {
      provider.password = std::make_unique<ScriptedDirectory>();
    } else {
      provider.browser = std::make_unique<ScriptedProvider>();
    }
    provider.options = std::move(options);
  }
  return ProviderSet(std::move(all));
}

ProviderSet set_of(std::initializer_list<std::string> browsers,
                   std::initializer_list<std::string> directories) {
  std::vector<ProviderOptions> configured;
  const auto add = [&configured](const std::string& id, Kind kind) {
    ProviderOptions& options = configured.emplace_back();
    options.id = options.name = id;
    options.kind = kind;
  };
  for (const std::string& id : browsers) add(id, Kind::oidc);
  for (const std::string& id : directories) add(id, Kind::ldap);
  return set_of(std::move(configured));
}

}  // namespace latchkey::providers::testing
