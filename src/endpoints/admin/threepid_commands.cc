// latchkey user add-threepid, …: what else people sign in with.

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/rfc3339.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using administration::Administration;

template <auto change>
Task<Answer> change_threepid(const Call& call) {
  const auto threepid = co_await (call.operations.administration.*change)(
      call.by, call.text("name"), call.text("medium"), call.text("address"));
  if (!threepid) co_return fail(threepid.error());
  co_return json::object{{"medium", threepid->medium}, {"address", threepid->address}};
}

std::string say_added(const json::object& answer) {
  return fmt::format("Added {}.", text_of(answer, "address"));
}

std::string say_removed(const json::object& answer) {
  return fmt::format("Removed {}.", text_of(answer, "address"));
}

Task<Answer> user_threepids(const Call& call) {
  const auto listed = co_await call.operations.administration.list_threepids(call.text("name"));
  if (!listed) co_return fail(listed.error());
  json::array list;
  for (const auto& [threepid, added_at] : *listed) {
    list.push_back(json::object{{"medium", threepid.medium},
                                {"address", threepid.address},
                                {"added_at", text::format_rfc3339(added_at)}});
  }
  co_return json::object{{"threepids", std::move(list)}};
}

std::string say_threepids(const json::object& answer) {
  constexpr std::string_view kLine = "{:<8} {:<25} {}\n";
  std::string words = fmt::format(kLine, "MEDIUM", "ADDED", "ADDRESS");
  for (const auto& value : answer.at("threepids").as_array()) {
    const auto& one = value.as_object();
    words += fmt::format(kLine, text_of(one, "medium"), text_of(one, "added_at"),
                         text_of(one, "address"));
  }
  return without_last_break(std::move(words));
}

}  // namespace

std::vector<Command> threepid_commands() {
  using A = Administration;
  const Argument medium{.name = "medium", .sentence = "email or msisdn (a phone number)"};
  const Argument address{.name = "address",
                         .sentence = "the e-mail address, or the number in international form"};
  return {
      {"user add-threepid",
       "Let a user sign in with an e-mail address or a phone number. Nothing is sent there: you "
       "vouch for it.",
       {kUserName, medium, address},
       change_threepid<&A::add_threepid>,
       say_added},
      {"user remove-threepid",
       "Take an e-mail address or a phone number away from a user.",
       {kUserName, medium, address},
       change_threepid<&A::remove_threepid>,
       say_removed},
      {"user threepids",
       "List a user's e-mail addresses and phone numbers.",
       {kUserName},
       user_threepids,
       say_threepids},
  };
}

}  // namespace latchkey::admin
