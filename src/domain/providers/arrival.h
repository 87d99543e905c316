#pragma once

#include <cstdint>
#include <optional>

#include "domain/identifiers.h"

// What it means when somebody comes back from a provider: one rule for all kinds.
namespace latchkey::providers {

// What a person was sent to a provider for. Stored; numbers are never used again.
enum class Purpose : int {
  sign_in = 1,
  link = 2,            // somebody who is signed in adds a way in
  reauthenticate = 3,  // somebody who is signed in is about to destroy something
  confirm = 4,         // somebody's app is about to do something, and they confirm it
  sign_out = 5,        // somebody who has signed out here signs out there too
};

// Whether the person has to prove themselves anew, however lately they did.
constexpr bool wants_proof_anew(Purpose purpose) {
  return purpose == Purpose::reauthenticate || purpose == Purpose::confirm;
}

// What follows where a local account has the name or the verified address of a newcomer.
enum class OnConflict : std::uint8_t {
  refuse,
  ask_password,  // the person proves that the account is theirs, once
  link,          // it is theirs, for the provider says so
};

// An account as far as it matters here.
struct Standing {
  UserId id{};
  bool locked = false;
  bool deactivated = false;
};

struct Arrival {
  Purpose purpose = Purpose::sign_in;
  // For whom it was begun, unless it is a sign-in: who is signed in in the browser, or the account
  // of the app for which something is confirmed.
  std::optional<UserId> visitor = {};
  std::optional<Standing> linked = {};    // whose the subject is already
  std::optional<Standing> namesake = {};  // with the name or the verified address
  bool registration = false;              // this provider's people may make accounts
  OnConflict on_conflict = OnConflict::ask_password;
};

enum class Course : std::uint8_t {
  sign_in,           // to the account that the subject is linked to
  link_and_sign_in,  // to the namesake, which is linked from now on
  prove_account,     // the person gives the namesake's password, then as above
  choose_name,       // the person makes an account, which is linked
  link,              // to the visitor's account
  confirmed,         // they are whom it was begun for
  already_linked,    // to the visitor's account: nothing changes
  // And why nothing happens:
  linked_elsewhere,  // it is another account's way in
  another_person,    // who came back is not whom it was begun for
  locked,
  deactivated,
  name_taken,  // by an account that is not known to be theirs
  no_account,  // and none may be made
};

// Never a second account for a subject that has one, never a link that moves.
Course course_of(const Arrival& arrival);

}  // namespace latchkey::providers
