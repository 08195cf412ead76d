//! Deploying `template.yaml` through CloudFormation, as `sam deploy` would.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use zip::write::SimpleFileOptions;

use crate::aws_call::{AwsCalls, QueryService};
use crate::broken::Broken;
use crate::process::{Places, Seen, wait_until};
use crate::xml;

/// The template that is deployed, by its path in the repository.
pub const TEMPLATE: &str = "template.yaml";

const BUCKET: &str = "llmwatch-artifacts";
const LIMIT: Duration = Duration::from_secs(120);

/// A stack of the local CloudFormation.
#[derive(Debug, Clone)]
pub struct Stack {
    calls: AwsCalls,
    name: String,
}

impl Stack {
    /// Uploads the functions and creates the stack, and waits until it is complete.
    ///
    /// # Errors
    ///
    /// When a binary is not built, or the stack does not come up.
    pub fn create(
        calls: &AwsCalls,
        places: &Places,
        name: &str,
        (template, parameters): (&str, &[(&str, &str)]),
    ) -> Result<Self, Broken> {
        let template = Template::read(places, template)?;
        calls.create_bucket(BUCKET)?;
        let stack = Self { calls: calls.clone(), name: name.to_owned() };
        stack.upload(places, &template, parameters)?;
        stack.apply("CreateStack", &template, parameters)?;
        Ok(stack)
    }

    /// Changes some parameters, keeps the others, and waits until the update is complete.
    ///
    /// # Errors
    ///
    /// When the update is refused or rolled back.
    pub fn update(
        &self,
        places: &Places,
        (template, parameters): (&str, &[(&str, &str)]),
    ) -> Result<(), Broken> {
        let template = Template::read(places, template)?;
        self.upload(places, &template, parameters)?;
        self.apply("UpdateStack", &template, parameters)
    }

    /// Deletes the stack and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When a resource cannot be deleted.
    pub fn delete(&self) -> Result<(), Broken> {
        self.call("DeleteStack", Vec::new())?;
        self.settled("DELETE_COMPLETE")
    }

    /// The stack's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The physical id of a resource by its logical id: a topic's ARN, a queue's URL, a name.
    ///
    /// # Errors
    ///
    /// When the stack has no such resource.
    pub fn resource(&self, logical_id: &str) -> Result<String, Broken> {
        let asked = vec![("LogicalResourceId".to_owned(), logical_id.to_owned())];
        let body = self.call("DescribeStackResources", asked)?;
        xml::text(&body, "PhysicalResourceId").ok_or(Broken::Unexpected {
            call: format!("DescribeStackResources {logical_id}"),
            expected: "PhysicalResourceId",
            body,
        })
    }

    /// The stack's outputs: name and value.
    ///
    /// # Errors
    ///
    /// When the stack does not exist.
    pub fn outputs(&self) -> Result<Vec<(String, String)>, Broken> {
        let body = self.call("DescribeStacks", Vec::new())?;
        let outputs = xml::elements(&body, "Outputs").concat();
        Ok(xml::elements(&outputs, "member")
            .into_iter()
            .filter_map(|one| Some((xml::text(one, "OutputKey")?, xml::text(one, "OutputValue")?)))
            .collect())
    }

    /// Uploads the functions: a template may have one more than the last.
    fn upload(
        &self,
        places: &Places,
        template: &Template,
        parameters: &[(&str, &str)],
    ) -> Result<(), Broken> {
        let scores = parameters.contains(&("QualityScoring", "on"));
        for function in &template.functions {
            // What is deployed on a condition only is large.
            if function.is_optional && !scores {
                continue;
            }
            let packed = packed(places, &function.binary)?;
            self.calls.put_object(BUCKET, &object_key(&function.binary), &packed)?;
        }
        for layer in template.layers.iter().filter(|_| scores) {
            let directory = places.repository.join(layer);
            if directory.is_dir() {
                let packed = packed_directory(&directory)?;
                self.calls.put_object(BUCKET, &object_key(layer), &packed)?;
            }
        }
        Ok(())
    }

    fn apply(
        &self,
        operation: &str,
        template: &Template,
        parameters: &[(&str, &str)],
    ) -> Result<(), Broken> {
        // As `sam deploy` does: a request takes 51,200 bytes of template, a bucket a million.
        self.calls.put_object(BUCKET, TEMPLATE, template.text.as_bytes())?;
        let template_url = format!("{}/{BUCKET}/{TEMPLATE}", self.calls.endpoint());
        let mut input = vec![
            ("TemplateURL".to_owned(), template_url),
            ("Capabilities.member.1".to_owned(), "CAPABILITY_IAM".to_owned()),
            ("Capabilities.member.2".to_owned(), "CAPABILITY_AUTO_EXPAND".to_owned()),
        ];
        let architecture = [("Architecture", "x86_64")];
        for (index, (key, value)) in architecture.iter().chain(parameters).enumerate() {
            let member = format!("Parameters.member.{}", index + 1);
            input.push((format!("{member}.ParameterKey"), (*key).to_owned()));
            input.push((format!("{member}.ParameterValue"), (*value).to_owned()));
        }
        self.call(operation, input)?;
        let complete =
            if operation == "CreateStack" { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE" };
        self.settled(complete)
    }

    fn settled(&self, complete: &str) -> Result<(), Broken> {
        let status = wait_until(&format!("stack {} to settle", self.name), LIMIT, || {
            let status = match self.call("DescribeStacks", Vec::new()) {
                Ok(body) => xml::text(&body, "StackStatus").unwrap_or_default(),
                Err(error) if error.is_not_found() => "DELETE_COMPLETE".to_owned(),
                Err(error) => return Err(error),
            };
            Ok(if status.ends_with("IN_PROGRESS") {
                Seen::NotYet(status)
            } else {
                Seen::Yes(status)
            })
        })?;
        if status == complete {
            return Ok(());
        }
        Err(Broken::StackFailed { stack: self.name.clone(), status, reason: self.first_failure()? })
    }

    fn first_failure(&self) -> Result<String, Broken> {
        let failed = self.events()?.into_iter().rev().find_map(|event| {
            let status = xml::text(&event, "ResourceStatus")?;
            let reason = xml::text(&event, "ResourceStatusReason")?;
            let resource = xml::text(&event, "LogicalResourceId")?;
            status.ends_with("FAILED").then(|| format!("{resource}: {reason}"))
        });
        Ok(failed.unwrap_or_else(|| "no event says why".to_owned()))
    }

    /// What happened to the stack, newest first, all pages.
    fn events(&self) -> Result<Vec<String>, Broken> {
        let (mut events, mut token) = (Vec::new(), Vec::new());
        loop {
            let page = self.call("DescribeStackEvents", token)?;
            events.extend(xml::elements(&page, "member").into_iter().map(str::to_owned));
            match xml::text(&page, "NextToken") {
                Some(next) => token = vec![("NextToken".to_owned(), next)],
                None => return Ok(events),
            }
        }
    }

    fn call(
        &self,
        operation: &str,
        mut parameters: Vec<(String, String)>,
    ) -> Result<String, Broken> {
        parameters.push(("StackName".to_owned(), self.name.clone()));
        self.calls.query(QueryService::CloudFormation, operation, &parameters)
    }
}

fn object_key(of: &str) -> String {
    format!("{of}.zip")
}

/// `template.yaml` with each function's code and each layer's content taken from the bucket: what
/// `sam package` makes of it.
struct Template {
    text: String,
    functions: Vec<Function>,
    /// The layers' directories in the repository.
    layers: Vec<String>,
}

struct Function {
    binary: String,
    is_optional: bool,
}

impl Template {
    fn read(places: &Places, template: &str) -> Result<Self, Broken> {
        let path = places.repository.join(template);
        let mut text =
            std::fs::read_to_string(&path).map_err(Broken::io(format!("reading {template}")))?;
        let functions = functions(&text);
        for Function { binary, .. } in &functions {
            let built = format!("      BuildProperties: {{ Binary: {binary} }}\n    Properties:\n");
            let code = format!("{built}      CodeUri: s3://{BUCKET}/{}\n", object_key(binary));
            if text.matches(&built).count() != 1 {
                return Err(Broken::Template(format!("one function built from {binary}")));
            }
            text = text.replace(&built, &code);
        }
        if functions.is_empty() {
            return Err(Broken::Template("function with BuildProperties".to_owned()));
        }
        let layers: Vec<String> = values_of(&text, "      ContentUri: ");
        for layer in &layers {
            let stored = format!("ContentUri: s3://{BUCKET}/{}", object_key(layer));
            text = text.replace(&format!("ContentUri: {layer}"), &stored);
        }
        Ok(Self { text, functions, layers })
    }
}

/// The functions of a template, by how `BuildProperties` stands in them.
fn functions(text: &str) -> Vec<Function> {
    const BUILT: &str = "      BuildProperties: { Binary: ";
    let mut functions = Vec::new();
    // An empty line stands between resources.
    for resource in text.split("\n\n") {
        let is_optional = resource.lines().any(|line| line.starts_with("    Condition: "));
        let binaries = values_of(resource, BUILT);
        let binaries = binaries.iter().filter_map(|rest| rest.strip_suffix(" }"));
        functions
            .extend(binaries.map(|binary| Function { binary: binary.to_owned(), is_optional }));
    }
    functions
}

/// What follows on the lines that begin so.
fn values_of(text: &str, beginning: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix(beginning)).map(str::to_owned).collect()
}

/// The zip Lambda takes: the binary as `bootstrap`, executable, not compressed.
fn packed(places: &Places, function: &str) -> Result<Vec<u8>, Broken> {
    let binary = std::fs::read(places.binary(function)?)
        .map_err(Broken::io(format!("reading the binary of {function}")))?;
    zipped(&[("bootstrap".to_owned(), binary)])
}

/// The zip of a layer: the files of the directory, not compressed.
fn packed_directory(directory: &Path) -> Result<Vec<u8>, Broken> {
    let reading = || Broken::io(format!("reading {}", directory.display()));
    let mut files = Vec::new();
    for file in std::fs::read_dir(directory).map_err(reading())? {
        let path = file.map_err(reading())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, std::fs::read(&path).map_err(reading())?));
    }
    zipped(&files)
}

fn zipped(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Broken> {
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .unix_permissions(0o755);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let packing = || Broken::io(format!("packing {name}"));
        archive
            .start_file(name, options)
            .map_err(|error| packing()(std::io::Error::other(error)))?;
        archive.write_all(content).map_err(packing())?;
    }
    let packing = Broken::io("packing".to_owned());
    let archive = archive.finish().map_err(|error| packing(std::io::Error::other(error)))?;
    Ok(archive.into_inner())
}
