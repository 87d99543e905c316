#pragma once

#include <cstdint>

// Whether somebody who signs out here is signed out at their provider too.
namespace latchkey::providers {

// An option of each provider. What one signs out of there is every application of it, so it is the
// person's to say; but who leaves a browser to others has not left while the provider lets them in.
enum class SignOutThere : std::uint8_t { never, offer, always };

enum class SignOutCourse : std::uint8_t {
  here,   // alone
  offer,  // the page that says that they are signed out leads there
  there,  // at once
};

// `wanted`: they have said already that they want it. `on_their_way`: an app waits for them, which
// has asked whether they want to sign out here; they were asked about the provider with that.
constexpr SignOutCourse course_of_sign_out(SignOutThere configured, bool wanted,
                                           bool on_their_way) {
  if (configured == SignOutThere::never) return SignOutCourse::here;
  if (configured == SignOutThere::always || wanted) return SignOutCourse::there;
  return on_their_way ? SignOutCourse::here : SignOutCourse::offer;
}

}  // namespace latchkey::providers
