#include "domain/confirm/auth_flow.h"

#include <algorithm>
#include <array>
#include <utility>

namespace latchkey::confirm {
namespace {

constexpr std::array<std::pair<Stage, std::string_view>, 5> kNames{{
    {Stage::password, "m.login.password"},
    {Stage::registration_token, "m.login.registration_token"},
    {Stage::terms, "m.login.terms"},
    {Stage::dummy, "m.login.dummy"},
    {Stage::sso, "m.login.sso"},
}};

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

bool begins_with(const AuthFlow& flow, const AuthFlow& completed) {
  return flow.size() >= completed.size() &&
         std::equal(completed.begin(), completed.end(), flow.begin());
}

}  // namespace

std::string_view name_of(Stage stage) {
  return std::ranges::find(kNames, stage, &std::pair<Stage, std::string_view>::first)->second;
}

std::optional<Stage> stage_named(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &std::pair<Stage, std::string_view>::second);
  return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

Turn turn_of(std::span<const AuthFlow> flows, const AuthFlow& completed, Stage stage) {
  if (contains(completed, stage)) return Turn::passed_already;
  bool offered = false;
  for (const AuthFlow& flow : flows) {
    offered = offered || contains(flow, stage);
    if (begins_with(flow, completed) && flow.size() > completed.size() &&
        flow[completed.size()] == stage) {
      return Turn::now;
    }
  }
  return offered ? Turn::later : Turn::not_offered;
}

bool complete(std::span<const AuthFlow> flows, const AuthFlow& completed) {
  return contains(flows, completed);
}

std::string join(const AuthFlow& stages) {
  std::string text;
  for (const Stage stage : stages) text.append(text.empty() ? "" : " ").append(name_of(stage));
  return text;
}

AuthFlow split(std::string_view text) {
  AuthFlow stages;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto stage = stage_named(text.substr(0, space));
    if (!stage) return {};
    stages.push_back(*stage);
    text = space == text.npos ? std::string_view{} : text.substr(space + 1);
  }
  return stages;
}

}  // namespace latchkey::confirm
