//! A browser that a person sits before: they see words, press what bears them, fill in fields.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// The browser; it goes with this.
pub(crate) struct Chromium {
    /// The page that it shows. Before the driver, so that it leaves first.
    pub(crate) page: WebDriver,
    _driver: Driver,
    _profile: TempDir,
    /// The address of the server, without a slash at the end.
    at: String,
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Starts the driver on a free port; gives it and the port.
fn driver() -> (Driver, u16) {
    let mut process = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver (scripts/prepare browser installs it)");
    let said = BufReader::new(process.stdout.take().expect("its output"));
    let port = said.lines().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    (Driver(process), port.expect("the driver's port"))
}

impl Chromium {
    /// A new one before a server, with script or without.
    pub(crate) async fn open(at: &str, script: bool) -> Self {
        let (driver, port) = driver();
        let profile = TempDir::new().expect("a folder");
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ] {
            wanted.add_arg(argument).expect("an argument");
        }
        if !script {
            let off = json!({"profile.managed_default_content_settings.javascript": 2});
            wanted
                .add_experimental_option("prefs", off)
                .expect("a preference");
        }
        let page = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted)
            .await
            .expect("Chromium");
        Self {
            page,
            _driver: driver,
            _profile: profile,
            at: at.to_owned(),
        }
    }

    /// Leaves, as the browser of a test that ended well does.
    pub(crate) async fn close(self) {
        self.page.quit().await.expect("its end");
    }

    /// Goes to an address of the server.
    pub(crate) async fn go(&self, path: &str) {
        self.page
            .goto(format!("{}{path}", self.at))
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// The address of the server.
    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    /// Where it is: path and query at the server, or the whole address elsewhere.
    pub(crate) async fn here(&self) -> String {
        let url = self
            .page
            .current_url()
            .await
            .expect("an address")
            .to_string();
        url.strip_prefix(&self.at)
            .map_or(url.clone(), str::to_owned)
    }

    /// What can be read on the page.
    pub(crate) async fn words(&self) -> String {
        let body = self.page.find(By::Css("body")).await.expect("a page");
        body.text().await.expect("its words")
    }

    /// Waits until the words are to be read, and fails with what is there when they do not come.
    pub(crate) async fn see(&self, words: &str) {
        let all = By::XPath(format!(
            "//body//*[not(self::script)][contains(normalize-space(.), \"{words}\")]"
        ));
        let found = self
            .page
            .query(all)
            .wait(PATIENCE, Duration::from_millis(50));
        if found.exists().await.unwrap_or(false) {
            return;
        }
        panic!(
            "`{words}` is not to be read at {}:\n{}",
            self.here().await,
            self.words().await
        );
    }

    /// What matches and can be seen; the first of it.
    async fn shown(&self, by: By, what: &str) -> WebElement {
        let found = self
            .page
            .query(by)
            .and_displayed()
            .wait(PATIENCE, Duration::from_millis(50))
            .first()
            .await;
        match found {
            Ok(found) => found,
            Err(error) => panic!(
                "there is no `{what}` at {}: {error}\n{}",
                self.here().await,
                self.words().await
            ),
        }
    }

    /// Presses the link or button that bears these words.
    pub(crate) async fn press(&self, words: &str) {
        let by = By::XPath(format!(
            "//body//*[self::a or self::button or self::summary][normalize-space(.)=\"{words}\"][not(@class=\"sr\")]"
        ));
        let found = self.shown(by, words).await;
        found.scroll_into_view().await.ok();
        found
            .click()
            .await
            .unwrap_or_else(|error| panic!("{words}: {error}"));
    }

    /// Writes into the field of this name, in the place of what stood there.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        let by = By::Css(format!("input[name='{name}'], textarea[name='{name}']"));
        let field = self.shown(by, name).await;
        field.scroll_into_view().await.ok();
        field.clear().await.expect("an empty field");
        field.send_keys(text).await.expect("keys");
    }

    /// Chooses or ticks what a selector names.
    pub(crate) async fn choose(&self, selector: &str) {
        let field = self.page.find(By::Css(selector)).await;
        let field = field.unwrap_or_else(|_| panic!("there is no {selector}"));
        field.scroll_into_view().await.ok();
        if !field.is_selected().await.expect("a field") {
            field
                .click()
                .await
                .unwrap_or_else(|error| panic!("{selector}: {error}"));
        }
    }

    /// Ticks the box in the row or field with these words.
    pub(crate) async fn tick(&self, within: &str, words: &str) {
        let by = By::XPath(format!(
            "//tr[contains(., \"{within}\")]//label[contains(., \"{words}\")]//input"
        ));
        let field = self.shown(by, words).await;
        field.scroll_into_view().await.ok();
        if !field.is_selected().await.expect("a box") {
            field.click().await.expect("a click");
        }
    }

    /// The text of what a selector names, also where it is not shown.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let found = self.page.find(By::Css(selector)).await;
        let found = found.unwrap_or_else(|_| panic!("there is no {selector}"));
        let text = found.prop("textContent").await.expect("a property");
        text.unwrap_or_default()
    }

    /// The addresses of all links that a selector names, as they stand in the page.
    pub(crate) async fn links(&self, selector: &str) -> Vec<String> {
        let mut links = Vec::new();
        for found in self.page.find_all(By::Css(selector)).await.expect("links") {
            links.extend(found.attr("href").await.expect("an attribute"));
        }
        links
    }

    /// One command of Chromium's developer tools.
    pub(crate) async fn tools(&self, command: &str, with: Value) -> Value {
        let given = self.page.cdp().send_raw(command, with).await;
        given.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Makes the window so wide and the system's colours so.
    pub(crate) async fn look(&self, width: u32, dark: bool) {
        let size =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700});
        self.tools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tools("Emulation.setEmulatedMedia", media).await;
    }

    /// A picture of the whole page.
    pub(crate) async fn picture(&self, file: &Path) {
        use base64::Engine as _;
        let whole = json!({"format": "png", "captureBeyondViewport": true});
        let taken = self.tools("Page.captureScreenshot", whole).await;
        let data = taken["data"].as_str().expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(data);
        std::fs::write(file, bytes.expect("base64")).expect("a file");
    }

    /// What a function in the page gives.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let given = self.page.execute(script, Vec::new()).await;
        given
            .unwrap_or_else(|error| panic!("{script}: {error}"))
            .json()
            .clone()
    }
}
