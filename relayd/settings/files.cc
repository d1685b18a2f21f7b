#include "relayd/settings/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "relayd/base/descriptor.h"

namespace tsmtp::settings {
namespace {

void complain_of(const std::string& path, const std::string& message, base::Diagnostics& out) {
  out.error({.file = path, .line = 0, .column = 0}, message);
}

void cannot_be_read(const std::string& path, int error, base::Diagnostics& out) {
  complain_of(path, "cannot be read: " + std::string(std::strerror(error)), out);
}

std::optional<std::string> contents(int file, const std::string& path, base::Diagnostics& out) {
  constexpr std::size_t kUsual = 4096;  // there may be a file for each of many sites
  std::string text(kUsual, '\0');
  std::size_t size = 0;
  while (size <= kMaxFileBytes) {
    if (size == text.size()) text.resize(std::min(2 * size, kMaxFileBytes + 1));
    const ssize_t got = read(file, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      cannot_be_read(path, errno, out);
      return std::nullopt;
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFileBytes) {
    complain_of(path, "larger than 1 MiB: this is no configuration of relayd", out);
    return std::nullopt;
  }
  text.resize(size);
  return text;
}

struct DirectoryCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};

/// A folder that a pattern names.
class Folder {
 public:
  Folder(const std::string& path, base::Diagnostics& out) : path_(path), out_(out) {
    dir_.reset(opendir(path.empty() ? "." : path.c_str()));
    error_ = dir_ ? 0 : errno;
    struct stat status {};
    if (dir_ && fstat(dirfd(dir_.get()), &status) == 0)
      others_write_ = status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  }

  /// 0, or what keeps it from being opened.
  [[nodiscard]] int error() const { return error_; }

  /// Those that match, sorted.
  [[nodiscard]] std::set<std::string> names(const std::string& pattern) {
    std::set<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(dir_.get());
      if (entry == nullptr && errno != 0) cannot_be_read(path_, errno, out_);
      if (entry == nullptr) return names;
      if (fnmatch(pattern.c_str(), entry->d_name, FNM_PERIOD | FNM_NOESCAPE) == 0)
        names.insert(entry->d_name);
    }
  }

  /// The text of a file in it; `must_exist`: whether it is an error if it is not there.
  [[nodiscard]] std::optional<std::string> text_of(const std::string& name, bool must_exist) {
    const std::string path = path_ + name;
    // A user who can write the folder could otherwise have root read any file of the machine, and see what
    // the complaints say of it.
    const bool is_wary = geteuid() == 0 && others_write_;
    const base::Descriptor file(openat(dirfd(dir_.get()), name.c_str(),
                                       O_RDONLY | O_NONBLOCK | O_CLOEXEC | (is_wary ? O_NOFOLLOW : 0)));
    struct stat status {};
    if (!file.is_open() || fstat(file.get(), &status) != 0) {
      if (errno == ELOOP && is_wary)
        complain_of(path, "is a link in a folder that others than root can write: put the file itself there",
                    out_);
      else if (errno != ENOENT || must_exist)
        cannot_be_read(path, errno, out_);
      return std::nullopt;
    }
    if (!S_ISREG(status.st_mode)) {
      complain_of(path, "is no regular file", out_);
      return std::nullopt;
    }
    if (is_wary && status.st_nlink > 1) {
      complain_of(path,
                  "has another name elsewhere, and lies in a folder that others than root can write: "
                  "put a copy there",
                  out_);
      return std::nullopt;
    }
    return contents(file.get(), path, out_);
  }

 private:
  std::string path_;  // with its slash, or empty
  base::Diagnostics& out_;
  std::unique_ptr<DIR, DirectoryCloser> dir_;
  int error_ = 0;
  bool others_write_ = false;
};

bool has_wildcards(const std::string& pattern) {
  return pattern.find_first_of("*?[") != std::string::npos;
}

/// With its slash; empty if there is none.
std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

}  // namespace

std::optional<std::string> text_of(const std::string& path, base::Diagnostics& diagnostics) {
  const base::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.is_open()) return contents(file.get(), path, diagnostics);
  cannot_be_read(path, errno, diagnostics);
  return std::nullopt;
}

base::Result<std::string> place_for_site(const std::string& main_file,
                                         const std::vector<std::string>& patterns, const std::string& name) {
  const std::string file = name + ".toml";
  for (const std::string& given : patterns) {
    const std::string pattern = given.starts_with('/') ? given : folder_of(main_file) + given;
    const std::string folder = folder_of(pattern);
    const std::string last = pattern.substr(folder.size());
    if (has_wildcards(last) && fnmatch(last.c_str(), file.c_str(), FNM_PERIOD | FNM_NOESCAPE) == 0)
      return base::Result<std::string>(boost::system::in_place_value, folder + file);
  }
  return base::Error{"no pattern of hub.include matches " + file +
                     ", so that relayd would not read it; the default, \"sites.d/*.toml\", does"};
}

std::vector<TextFile> included_files(const std::string& main_file, const std::vector<std::string>& patterns,
                                     base::Diagnostics& diagnostics) {
  std::vector<TextFile> files;
  std::set<std::string> seen{main_file};
  for (const std::string& given : patterns) {
    const std::string pattern = given.starts_with('/') ? given : folder_of(main_file) + given;
    const std::string folder_path = folder_of(pattern);
    const std::string last = pattern.substr(folder_path.size());
    const bool is_name = !has_wildcards(last);
    Folder folder(folder_path, diagnostics);
    if (folder.error() != 0) {
      if (folder.error() != ENOENT || is_name)
        cannot_be_read(is_name ? pattern : folder_path, folder.error(), diagnostics);
      continue;
    }
    for (const std::string& name : is_name ? std::set{last} : folder.names(last)) {
      if (!seen.insert(folder_path + name).second) continue;
      if (auto text = folder.text_of(name, is_name)) files.push_back({folder_path + name, std::move(*text)});
    }
  }
  return files;
}

}  // namespace tsmtp::settings
