#include "platform/db/copy.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

namespace latchkey::db {
namespace {

// Rows that travel at once.
constexpr std::size_t kPage = 500;

std::string quoted_name(std::string_view name) { return '"' + std::string(name) + '"'; }

std::string joined(const std::vector<std::string>& names,
                   const std::function<std::string(const std::string&)>& form) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(form(name));
  return text;
}

std::string columns_of(const Table& table) { return joined(table.columns, quoted_name); }

// As one JSON array.
class Page {
 public:
  void add(std::string_view row) {
    text_.append(text_.empty() ? "[" : ",").append(row);
    ++rows_;
  }
  std::size_t rows() const { return rows_; }
  std::string take() {
    rows_ = 0;
    std::string text = std::exchange(text_, {});
    return text.empty() ? text : text + ']';
  }

 private:
  std::string text_;
  std::size_t rows_ = 0;
};

void insert_in_sqlite(Tx& tx, const Table& table, const std::string& page) {
  // A name of this schema needs no quoting in a path.
  const std::string values = joined(table.columns, [](const std::string& column) {
    return "json_extract(value, '$." + column + "')";
  });
  tx.run("INSERT INTO " + quoted_name(table.name) + " (" + columns_of(table) + ") SELECT " +
             values + " FROM json_each(:rows)",
         page);
}

void insert_in_postgres(Tx& tx, const Table& table, const std::string& page) {
  tx.run("INSERT INTO " + quoted_name(table.name) + " (" + columns_of(table) + ") SELECT " +
             columns_of(table) + " FROM json_populate_recordset(CAST(NULL AS " +
             quoted_name(table.name) + "), CAST(:rows AS json))",
         page);
}

// Takes the triggers away, and gives what makes them again: what they would add has been added to
// the rows that are copied.
std::vector<std::string> drop_triggers(Tx& sqlite) {
  std::vector<std::string> made_by;
  for (auto& [name, sql] : sqlite.all<std::string, std::string>(
           "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")) {
    sqlite.script("DROP TRIGGER " + quoted_name(name));
    made_by.push_back(std::move(sql));
  }
  return made_by;
}

// Whether triggers see what is written, until the end of the transaction at most.
void switch_triggers(Tx& postgres, const std::vector<Table>& tables, std::string_view on_or_off) {
  for (const Table& table : tables) {
    postgres.script("ALTER TABLE " + quoted_name(table.name) + ' ' + std::string(on_or_off) +
                    " TRIGGER USER");
  }
}

// Numbers that the database counts up go on after the highest one there is.
void count_on(Tx& postgres) {
  for (const auto& [table, column] : postgres.all<std::string, std::string>(
           "SELECT CAST(table_name AS text), CAST(column_name AS text)"
           " FROM information_schema.columns"
           " WHERE table_schema = current_schema() AND is_identity = 'YES'")) {
    postgres.one<std::int64_t>("SELECT setval(pg_get_serial_sequence('" + table + "', '" + column +
                               "'), COALESCE(MAX(" + quoted_name(column) +
                               "), 0) + 1, false) FROM " + quoted_name(table));
  }
}

}  // namespace

std::vector<Table> list_tables(Tx& sqlite) {
  std::vector<Table> waiting;
  for (auto& [name] : sqlite.all<std::string>(
           "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
           " ESCAPE '\\' AND name <> 'schema_migrations' ORDER BY name")) {
    Table table{.name = std::move(name), .columns = {}};
    for (auto& [column] : sqlite.all<std::string>(
             "SELECT name FROM pragma_table_info(:table) ORDER BY cid", table.name)) {
      table.columns.push_back(std::move(column));
    }
    waiting.push_back(std::move(table));
  }
  std::vector<Table> ordered;
  std::set<std::string> there;
  while (!waiting.empty()) {
    const auto next = std::ranges::find_if(waiting, [&](const Table& table) {
      const auto refers_to = sqlite.all<std::string>(
          "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(:table)", table.name);
      return std::ranges::all_of(refers_to, [&](const auto& other) {
        return std::get<0>(other) == table.name || there.contains(std::get<0>(other));
      });
    });
    if (next == waiting.end()) throw Error("tables refer to each other in a circle");
    there.insert(next->name);
    ordered.push_back(std::move(*next));
    waiting.erase(next);
  }
  return ordered;
}

void copy_to_sqlite(Database& from, Database& to) {
  const auto tables = to.read_now(list_tables);
  const auto triggers = to.write_now(drop_triggers);
  from.read_now([&](Tx& in) {
    // A read may begin again from the start.
    to.write_now([&](Tx& out) {
      for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
        out.run("DELETE FROM " + quoted_name(table->name));
      }
    });
    for (const Table& table : tables) {
      // libpq would hold the whole table in memory.
      in.script(
          "DECLARE latchkey_copy NO SCROLL CURSOR FOR SELECT CAST(row_to_json(r) AS text)"
          " FROM (SELECT " +
          columns_of(table) + " FROM " + quoted_name(table.name) + ") r");
      Page page;
      do {
        page.take();
        in.each<std::string_view>("FETCH FORWARD 500 FROM latchkey_copy",
                                  [&](std::string_view row) { page.add(row); });
        if (page.rows() == 0) break;
        const std::string rows = page.take();
        to.write_now([&](Tx& out) { insert_in_sqlite(out, table, rows); });
      } while (true);
      in.script("CLOSE latchkey_copy");
    }
  });
  to.write_now([&](Tx& out) {
    for (const std::string& trigger : triggers) out.script(trigger);
  });
}

void copy_to_postgres(Database& from, Tx& to) {
  from.read_now([&](Tx& in) {
    const auto tables = list_tables(in);
    std::vector<std::string> names;
    for (const Table& table : tables) names.push_back(table.name);
    to.script("TRUNCATE " + joined(names, quoted_name));
    switch_triggers(to, tables, "DISABLE");
    for (const Table& table : tables) {
      const std::string fields = joined(table.columns, [](const std::string& column) {
        return "'" + column + "', " + quoted_name(column);
      });
      Page page;
      in.each<std::string_view>(
          "SELECT json_object(" + fields + ") FROM " + quoted_name(table.name),
          [&](std::string_view row) {
            page.add(row);
            if (page.rows() == kPage) insert_in_postgres(to, table, page.take());
          });
      if (page.rows() > 0) insert_in_postgres(to, table, page.take());
    }
    switch_triggers(to, tables, "ENABLE");
  });
  count_on(to);
}

}  // namespace latchkey::db
