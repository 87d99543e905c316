// Database::read_now() and write_now() wait for a thread of the database. Here there is none: the
// linker (--wrap, in CMakeLists.txt) has them call this in place of Database::perform_now().
#include "simulation/shared_database.h"

namespace latchkey::simulation {

// As the member function is called: the object, Access, Job.
[[gnu::used]] void at_once(db::Database* database, int access, db::Job job) __asm__(
    "__wrap__ZN8latchkey2db8Database11perform_nowENS1_6AccessENS0_3JobE");

void at_once(db::Database* database, int access, db::Job job) {
  constexpr int kRead = 0;
  static_cast<WithoutThreads*>(database)->at_once(access != kRead, job);
}

}  // namespace latchkey::simulation
