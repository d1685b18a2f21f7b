#include "relayd/daemon/page_answers.h"

#include <gtest/gtest.h>

#include <deque>

namespace tsmtp::daemon {
namespace {

using control::WantedPage;
using Kind = WantedPage::Kind;

class PageAnswersTest : public testing::Test {
 protected:
  static constexpr int kPieces = 3;

  void ask(WantedPage page, bool is_head = false) {
    pages_.answer({.page = page, .is_head = is_head},
                  [this](std::string answer) { answers_.push_back(std::move(answer)); });
  }
  bool turn() {
    if (tasks_.empty()) return false;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  void run() {
    while (turn()) {
    }
  }

  std::deque<std::function<void()>> tasks_;
  std::vector<Kind> shown_;
  std::vector<std::string> answers_;
  PageAnswers pages_{[this](std::function<void()> task) { tasks_.push_back(std::move(task)); },
                     [this](Kind kind) {
                       shown_.push_back(kind);
                       const std::string piece(1, static_cast<char>('a' + shown_.size() - 1));
                       return [piece, left = kPieces](std::string& out) mutable {
                         out += piece;
                         return --left > 0;
                       };
                     }};
};

TEST_F(PageAnswersTest, APieceATurn) {
  ask({});
  EXPECT_TRUE(answers_.empty());
  for (int i = 0; i < kPieces; ++i) {
    EXPECT_TRUE(answers_.empty());
    EXPECT_TRUE(turn());
  }
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(answers_.front().ends_with("\r\nContent-Length: 3\r\n\r\naaa"));
  EXPECT_FALSE(turn());
}

TEST_F(PageAnswersTest, OnlyTheHeaderForHead) {
  ask({}, true);
  run();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(answers_.front().ends_with("\r\nContent-Length: 3\r\n\r\n"));
}

// What has changed since it was begun must be seen by who asks after the change.
TEST_F(PageAnswersTest, OneForAllThatAskedBeforeItWasBegun) {
  ask({});
  for (int i = 0; i < 100; ++i)
    ask({}, i % 2 == 1);
  run();
  EXPECT_EQ(shown_.size(), 2U);
  ASSERT_EQ(answers_.size(), 101U);
  EXPECT_TRUE(answers_[0].ends_with("aaa"));
  EXPECT_TRUE(answers_[1].ends_with("bbb"));
  EXPECT_TRUE(answers_[2].ends_with("\r\n\r\n"));
}

TEST_F(PageAnswersTest, NoKindOfPageWaitsForeverForAnother) {
  ask({.kind = Kind::kMetricsText});
  ask({.kind = Kind::kStatus});
  for (int turns = 0; turns < 2 * kPieces + 1; ++turns) {
    ask({.kind = Kind::kMetricsText});
    turn();
  }
  EXPECT_EQ(shown_[1], Kind::kStatus);
}

TEST_F(PageAnswersTest, NothingIsDoneWhenItIsGone) {
  std::deque<std::function<void()>> tasks;
  {
    PageAnswers pages([&](std::function<void()> task) { tasks.push_back(std::move(task)); },
                      [](Kind) -> control::PageAnswer::Text { return [](std::string&) { return false; }; });
    pages.answer({}, [](const std::string&) { ADD_FAILURE(); });
  }
  ASSERT_EQ(tasks.size(), 1U);
  tasks.front()();
}

}  // namespace
}  // namespace tsmtp::daemon
