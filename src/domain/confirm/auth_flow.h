#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The stages of user-interactive authentication (spec "User-Interactive Authentication API") and
// their order. Pure: what a stage asks for is checked in interactive_auth.cc.
namespace latchkey::confirm {

enum class Stage { password, registration_token, terms, dummy, sso };

// "m.login.password" and so on (spec "Authentication types").
std::string_view name_of(Stage stage);
std::optional<Stage> stage_named(std::string_view name);

// Stages in the order in which they are to be passed.
using AuthFlow = std::vector<Stage>;

enum class Turn {
  now,
  passed_already,
  later,        // another stage comes first
  not_offered,  // no flow has it
};

// Whether `stage` may be tried after `completed`, which are the first stages of some flow.
Turn turn_of(std::span<const AuthFlow> flows, const AuthFlow& completed, Stage stage);

// Whether `completed` is all of a flow.
bool complete(std::span<const AuthFlow> flows, const AuthFlow& completed);

// As the database keeps them: names separated by spaces. Unknown ones, which a newer version has
// written, make it empty: the person begins anew.
std::string join(const AuthFlow& stages);
AuthFlow split(std::string_view text);

}  // namespace latchkey::confirm
