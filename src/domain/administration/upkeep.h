#pragma once

#include <functional>
#include <string>

#include "domain/administration/administration.h"
#include "platform/threads/work_pool.h"

namespace latchkey::administration {

// What is done to the server itself, and takes its time: the key file is written, synced and
// renamed in one go with the list in the database, and a backup copies all of it. A thread of its
// own does one after another: two rotations at once would lose a key. Whoever asks for something
// else is answered meanwhile.
class Upkeep {
 public:
  template <class T = void>
  using Result = Administration::Result<T>;

  // `backup` copies the whole database into a new file (db::Database::backup), and throws
  // db::Refused with a sentence.
  Upkeep(const Ground& ground, sessions::Sessions& sessions, Administration& administration,
         std::function<void(const std::string& path)> backup);

  // Adds a key that signs from now on.
  Task<Result<>> rotate_keys(Operator by);
  // Goes on without keys that are lost.
  Task<Result<>> replace_keys(Operator by);
  Task<Result<>> backup(Operator by, std::string path);

 private:
  template <auto change>
  Task<Result<>> change_keys(Operator by, std::string action);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  Administration& administration_;
  const std::function<void(const std::string& path)> backup_;
  threads::WorkPool thread_;
};

}  // namespace latchkey::administration
