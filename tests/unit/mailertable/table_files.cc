#include "tests/unit/mailertable/table_files.h"

#include <db.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tsmtp::mailertable {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "mailertable.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TemporaryDirectory::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string content_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::map<std::string, std::string> read_table(const std::string& path) {
  std::map<std::string, std::string> pairs;
  DB* db = nullptr;
  if (db_create(&db, nullptr, 0) != 0) return pairs;
  if (db->open(db, nullptr, path.c_str(), nullptr, DB_UNKNOWN, DB_RDONLY, 0) == 0) {
    DBTYPE type{};
    db->get_type(db, &type);
    pairs[""] = type == DB_HASH ? "hash" : "btree";
    DBC* cursor = nullptr;
    db->cursor(db, nullptr, &cursor, 0);
    DBT key{};
    DBT value{};
    while (cursor->get(cursor, &key, &value, DB_NEXT) == 0)
      pairs[{static_cast<char*>(key.data), key.size}] = {static_cast<char*>(value.data), value.size};
    cursor->close(cursor);
  }
  db->close(db, 0);
  return pairs;
}

bool write_one_key(const std::string& path, const std::string& key, int values) {
  DB* db = nullptr;
  if (db_create(&db, nullptr, 0) != 0) return false;
  bool ok = db->set_flags(db, DB_DUP) == 0 &&
            db->open(db, nullptr, path.c_str(), nullptr, DB_HASH, DB_CREATE | DB_TRUNCATE, 0600) == 0;
  DBT key_datum{};
  key_datum.data = const_cast<char*>(key.data());
  key_datum.size = static_cast<std::uint32_t>(key.size());
  for (int i = 0; ok && i < values; ++i) {
    std::string value = std::to_string(i);
    DBT datum{};
    datum.data = value.data();
    datum.size = static_cast<std::uint32_t>(value.size());
    ok = db->put(db, nullptr, &key_datum, &datum, 0) == 0;
  }
  return db->close(db, 0) == 0 && ok;
}

}  // namespace tsmtp::mailertable
