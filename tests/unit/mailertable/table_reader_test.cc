// Tables written by Berkeley DB, read by ourselves; and the same ones damaged.
#include "mailertable/database/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sysexits.h>

#include <algorithm>
#include <random>

#include "mailertable/database/growing_database.h"
#include "mailertable/lookup/any_table.h"
#include "tests/unit/mailertable/table_files.h"

namespace tsmtp::mailertable {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Pairs = std::vector<StoredPair>;

/// What a table is made of.
struct Shape {
  const char* name;
  TableType type;
  bool duplicates;
  int entries;
  std::size_t value_bytes;  ///< of the longest value
};

void PrintTo(const Shape& shape, std::ostream* out) {
  *out << shape.name;
}

std::string numbered(const char* before, int number, const char* after) {
  return before + std::to_string(number) + after;
}

/// The file of a table of that shape; `pairs` is what it holds.
std::string made(const Shape& shape, Pairs& pairs) {
  const TemporaryDirectory directory;
  const std::string path = directory / "t.db";
  write_file(path, "");
  int error = 0;
  GrowingDatabase database(path, {shape.type, false, shape.duplicates, false, 1 << 20}, error);
  EXPECT_EQ(error, 0);
  for (int i = 0; i < shape.entries; ++i) {
    // With duplicates: a key of a thousand values, some of several, many of one.
    const int key = !shape.duplicates ? i : i % 3 == 0 ? 0 : i % 3 == 1 ? i % 50 : i;
    const std::size_t size = static_cast<std::size_t>(i) * 37 % (shape.value_bytes + 1);
    pairs.emplace_back(numbered("d", key, ".example") + std::string(key % 97 == 5 ? 3000 : 0, 'k'),
                       numbered("tsmtp:[", i, "]") + std::string(size, 'v'));
    EXPECT_EQ(database.put(pairs.back().first, pairs.back().second), 0);
  }
  EXPECT_EQ(database.close(), 0);
  return content_of(path);
}

Pairs sorted(Pairs pairs) {
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

class TableReader : public testing::TestWithParam<Shape> {};

TEST_P(TableReader, FindsWhatBerkeleyDbWrote) {
  Pairs expected;
  const auto table = parse_table(made(GetParam(), expected));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->type, GetParam().type);
  EXPECT_EQ(table->allows_duplicates, GetParam().duplicates);
  EXPECT_EQ(sorted(table->pairs), sorted(expected));
}

// Whatever a page says, reading ends, and says what is wrong or tells what is there.
TEST_P(TableReader, SurvivesDamage) {
  Pairs pairs;
  const std::string whole = made(GetParam(), pairs);
  std::mt19937 random(1);
  int noticed = 0;
  for (int i = 0; i < 200; ++i) {
    std::string damaged = whole;
    for (unsigned change = 0; change <= random() % 4; ++change) {
      // Most of what matters is in the first bytes of a page.
      const std::size_t page = random() % (whole.size() / 4096) * 4096;
      damaged[page + random() % (random() % 2 == 0 ? 64 : 4096)] = static_cast<char>(random());
    }
    const auto table = parse_table(damaged);
    if (table) continue;
    ++noticed;
    EXPECT_EQ(table.error().exit_status, EX_DATAERR);
  }
  EXPECT_GT(noticed, 50);
}

TEST_P(TableReader, NoticesEveryTruncation) {
  Pairs pairs;
  const std::string whole = made(GetParam(), pairs);
  for (std::size_t size = 0; size < whole.size(); size += size < 8192 ? 512 : 4096)
    EXPECT_FALSE(parse_table(std::string_view(whole).substr(0, size))) << size;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, TableReader,
    testing::Values(Shape{"empty_hash", TableType::kHash, false, 0, 0},
                    Shape{"hash", TableType::kHash, false, 800, 60},
                    Shape{"long_hash", TableType::kHash, false, 100, 9000},
                    Shape{"hash_with_duplicates", TableType::kHash, true, 600, 60},
                    Shape{"long_hash_with_duplicates", TableType::kHash, true, 150, 5000},
                    Shape{"empty_btree", TableType::kBtree, false, 0, 0},
                    Shape{"btree", TableType::kBtree, false, 800, 60},
                    Shape{"long_btree", TableType::kBtree, false, 100, 9000},
                    Shape{"btree_with_duplicates", TableType::kBtree, true, 600, 60},
                    Shape{"long_btree_with_duplicates", TableType::kBtree, true, 150, 5000}),
    [](const auto& shape) { return std::string(shape.param.name); });

TEST(TableReading, TellsWhatIsNoTable) {
  EXPECT_THAT(parse_table("").error().message, StartsWith("empty"));
  EXPECT_THAT(parse_table("hello\n").error().message, StartsWith("no Berkeley DB table"));
  EXPECT_THAT(parse_table(std::string(8192, '\0')).error().message, StartsWith("no Berkeley DB table"));
}

TEST(AnyTableForms, AreReadAlike) {
  const TemporaryDirectory directory;
  write_file(directory / "t", "Birl.example x:1\nbirl.example x:2\n# note\n.a x:3\n");
  const auto text = AnyTable::read(directory / "t");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->pairs(), (Pairs{{".a", "x:3"}, {"birl.example", "x:1"}}));
  EXPECT_EQ(text->find("birl.example"), "x:1");
  EXPECT_FALSE(text->find("a"));
  write_file(directory / "bad", "key\n");
  const auto bad = AnyTable::read(directory / "bad");
  EXPECT_THAT(bad.error().message, HasSubstr("bad:1:4: error: no value"));
  write_file(directory / "empty.db", "");
  EXPECT_THAT(AnyTable::read(directory / "empty.db").error().message, HasSubstr("is empty"));
}

TEST(AnyTableForms, AreFoundWithANulBehindThem) {
  const TemporaryDirectory directory;
  write_file(directory / "t.db", "");
  int error = 0;
  GrowingDatabase database(directory / "t.db", {}, error);
  ASSERT_EQ(error, 0);
  ASSERT_EQ(database.put(std::string_view("a\0", 2), std::string_view("x:1\0", 4)), 0);
  ASSERT_EQ(database.close(), 0);
  const auto table = AnyTable::read(directory / "t.db");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("a"), std::string("x:1\0", 4));
}

}  // namespace
}  // namespace tsmtp::mailertable
