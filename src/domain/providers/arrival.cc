#include "domain/providers/arrival.h"

namespace latchkey::providers {
namespace {

Course sign_in_of(const Standing& account, Course good) {
  if (account.deactivated) return Course::deactivated;
  if (account.locked) return Course::locked;
  return good;
}

Course course_of_sign_in(const Arrival& arrival) {
  if (arrival.linked) return sign_in_of(*arrival.linked, Course::sign_in);
  if (!arrival.namesake) return arrival.registration ? Course::choose_name : Course::no_account;
  switch (arrival.on_conflict) {
    case OnConflict::refuse:
      return Course::name_taken;
    case OnConflict::ask_password:
      return arrival.namesake->deactivated ? Course::name_taken : Course::prove_account;
    case OnConflict::link:
      break;
  }
  return sign_in_of(*arrival.namesake, Course::link_and_sign_in);
}

}  // namespace

Course course_of(const Arrival& arrival) {
  const bool own = arrival.visitor && arrival.linked && arrival.linked->id == *arrival.visitor;
  switch (arrival.purpose) {
    case Purpose::link:
      if (own) return Course::already_linked;
      return arrival.linked ? Course::linked_elsewhere : Course::link;
    case Purpose::reauthenticate:
      return own ? Course::confirmed : Course::another_person;
    case Purpose::confirm:
      // Nobody is signed in here who could have been signed out when the account was locked.
      return own ? sign_in_of(*arrival.linked, Course::confirmed) : Course::another_person;
    case Purpose::sign_out:
      return Course::no_account;  // nobody is signed in by that
    case Purpose::sign_in:
      break;
  }
  return course_of_sign_in(arrival);
}

}  // namespace latchkey::providers
