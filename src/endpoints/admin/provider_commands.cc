// latchkey provider …, and the links of users: who signs in with what others know.

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/counted.h"
#include "platform/text/rfc3339.h"
#include "platform/threads/work_pool.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using Kind = Argument::Kind;

constexpr auto kPatience = std::chrono::seconds{20};
constexpr std::size_t kMostListed = 1000;  // of a sweep

std::string_view kind_name(providers::Kind kind) {
  switch (kind) {
    case providers::Kind::oidc:
      return "oidc";
    case providers::Kind::ldap:
      return "ldap";
    case providers::Kind::saml:
      return "saml";
    case providers::Kind::cas:
      break;
  }
  return "cas";
}

Task<Answer> list_providers(const Call& call) {
  json::array list;
  for (const providers::Provider& provider : call.operations.providers.all()) {
    list.push_back(json::object{{"id", provider.options.id},
                                {"kind", kind_name(provider.options.kind)},
                                {"name", provider.options.name},
                                {"registration", provider.options.registration}});
  }
  co_return json::object{{"providers", std::move(list)}};
}

std::string say_providers(const json::object& answer) {
  constexpr std::string_view kLine = "{:<16} {:<5} {:<8} {}\n";
  std::string words = fmt::format(kLine, "ID", "KIND", "NEWCOMER", "NAME");
  for (const auto& value : answer.at("providers").as_array()) {
    const auto& one = value.as_object();
    words += fmt::format(kLine, text_of(one, "id"), text_of(one, "kind"),
                         one.at("registration").as_bool() ? "yes" : "no", text_of(one, "name"));
  }
  return without_last_break(std::move(words));
}

std::unexpected<std::string> no_such_provider(const Call& call, const std::string& id) {
  std::string known;
  for (const providers::Provider& provider : call.operations.providers.all()) {
    known.append(known.empty() ? "" : ", ").append(provider.options.id);
  }
  return fail(fmt::format("there is no provider '{}' in sign_in.providers{}", id,
                          known.empty() ? "" : "; there are: " + known));
}

// Waits for the provider on a thread of its own, not on one that serves requests.
Task<Answer> test_provider(const Call& call) {
  const std::string id = call.text("id");
  const auto* provider = call.operations.providers.find(id);
  if (provider == nullptr) co_return no_such_provider(call, id);
  threads::WorkPool thread(1, 1, 0);
  const auto tested = co_await thread.run([provider] {
    const CallLimits limits{.deadline = std::chrono::steady_clock::now() + kPatience};
    return provider->browser != nullptr ? provider->browser->test(limits)
                                        : provider->password->test(limits);
  });
  if (!*tested) {
    const providers::Failure& failure = tested->error();
    co_return fail(fmt::format("{} ({})", failure.sentence, failure.reason));
  }
  json::array sentences;
  for (const std::string& sentence : **tested) sentences.emplace_back(sentence);
  co_return json::object{{"fine", std::move(sentences)}};
}

std::string say_tested(const json::object& answer) {
  std::string words;
  for (const auto& sentence : answer.at("fine").as_array()) {
    words.append(sentence.as_string()).append("\n");
  }
  return words + "Nothing is wrong, as far as that is seen without a person.";
}

json::array list_swept(const std::vector<administration::SweepReport::Person>& people) {
  json::array list;
  for (const auto& person : people) {
    json::object one{{"user", person.user}};
    switch (person.presence) {
      case providers::PasswordProvider::Presence::there:
        break;
      case providers::PasswordProvider::Presence::disabled:
        one["why"] = "disabled";
        break;
      case providers::PasswordProvider::Presence::gone:
        one["why"] = "gone";
        break;
    }
    if (list.size() < kMostListed) list.push_back(std::move(one));
  }
  return list;
}

Task<Answer> sweep_provider(const Call& call) {
  const std::string id = call.text("id");
  const auto* provider = call.operations.providers.find(id);
  if (provider == nullptr) co_return no_such_provider(call, id);
  if (provider->password == nullptr) {
    co_return fail(fmt::format("'{}' is no directory, which could be asked for its people", id));
  }
  const auto swept = co_await call.operations.sweep.run(call.by, *provider, call.flag("apply"));
  if (!swept) co_return fail(swept.error());
  co_return json::object{{"accounts", swept->linked},
                         {"applied", swept->applied},
                         {"most", swept->most},
                         {"missed", swept->missed.size()},
                         {"back", swept->back.size()},
                         {"locked", list_swept(swept->missed)},
                         {"unlocked", list_swept(swept->back)}};
}

std::string say_swept(const json::object& answer) {
  const bool applied = answer.at("applied").as_bool();
  std::string words;
  const auto lines = [&](std::string_view list, std::string_view done, std::string_view would) {
    for (const auto& value : answer.at(list).as_array()) {
      const auto& one = value.as_object();
      const std::string why(text_of(one, "why"));
      words += fmt::format("{} {}{}\n", applied ? done : would, text_of(one, "user"),
                           why.empty() ? "" : " (" + why + ")");
    }
  };
  lines("locked", "locked", "would lock");
  lines("unlocked", "unlocked", "would unlock");
  const auto number = [&](std::string_view name) {
    return answer.at(name).to_number<std::size_t>();
  };
  words +=
      fmt::format("Asked about {}: {} missed, {} back.",
                  text::counted(number("accounts"), "account"), number("missed"), number("back"));
  if (applied) return words;
  if (number("missed") > number("most")) {
    return words + fmt::format(" That is more than the {} of sweep_at_most: --apply locks nobody.",
                               number("most"));
  }
  if (number("missed") + number("back") > 0) words += " Nothing was changed: --apply does it.";
  return words;
}

Task<Answer> link_user(const Call& call) {
  const std::string id = call.text("provider");
  if (call.operations.providers.find(id) == nullptr) co_return no_such_provider(call, id);
  const auto linked = co_await call.operations.administration.link(call.by, call.text("name"), id,
                                                                   call.text("subject"));
  if (!linked) co_return fail(linked.error());
  co_return json::object{};
}

// Also of a provider that is not configured any more.
Task<Answer> unlink_user(const Call& call) {
  const auto unlinked = co_await call.operations.administration.unlink(
      call.by, call.text("name"), call.text("provider"), call.text("subject"));
  if (!unlinked) co_return fail(unlinked.error());
  co_return json::object{};
}

Task<Answer> user_links(const Call& call) {
  const auto links = co_await call.operations.administration.list_links(call.text("name"));
  if (!links) co_return fail(links.error());
  json::array list;
  for (const providers::Link& link : *links) {
    json::object one{{"provider", link.provider},
                     {"subject", link.subject},
                     {"created_at", text::format_rfc3339(link.created_at)}};
    if (link.used_at) one["used_at"] = text::format_rfc3339(*link.used_at);
    if (link.logout_at) one["logout_at"] = text::format_rfc3339(*link.logout_at);
    list.push_back(std::move(one));
  }
  co_return json::object{{"links", std::move(list)}};
}

std::string say_links(const json::object& answer) {
  constexpr std::string_view kLine = "{:<16} {:<25} {:<25} {:<25} {}\n";
  std::string words =
      fmt::format(kLine, "PROVIDER", "ADDED", "LAST USED", "LAST SIGN-OUT THERE", "SUBJECT");
  for (const auto& value : answer.at("links").as_array()) {
    const auto& one = value.as_object();
    words +=
        fmt::format(kLine, text_of(one, "provider"), text_of(one, "created_at"),
                    text_of(one, "used_at"), text_of(one, "logout_at"), text_of(one, "subject"));
  }
  return without_last_break(std::move(words));
}

}  // namespace

std::vector<Command> provider_commands() {
  const Argument provider{.name = "provider", .sentence = "the provider's id in sign_in.providers"};
  const Argument subject{
      .name = "subject",
      .sentence = "who they are there, as the provider says it (sub, entryUUID)"};
  return {
      {"provider list", "List the identity providers.", {}, list_providers, say_providers},
      {"provider test",
       "Ask an identity provider for all that a sign-in needs of it.",
       {{.name = "id", .sentence = "its id in sign_in.providers"}},
       test_provider,
       say_tested},
      {"provider sweep",
       "Look up a directory's people, and say whose accounts are to be locked or unlocked.",
       {{.name = "id", .sentence = "its id in sign_in.providers"},
        {"apply", Argument::Kind::flag, "lock and unlock them", false}},
       sweep_provider,
       say_swept},
      {"user link",
       "Let a user sign in with an identity at a provider.",
       {kUserName, provider, subject},
       link_user,
       say_done},
      {"user unlink",
       "Let a user not sign in with it any more.",
       {kUserName, provider, subject},
       unlink_user,
       say_done},
      {"user links",
       "List what a user signs in with at providers.",
       {kUserName},
       user_links,
       say_links},
  };
}

}  // namespace latchkey::admin
