use super::*;
use crate::adapters::object_store::imitation::Imitation;

fn soon() -> Deadline {
    Deadline::seconds(30)
}

fn client(store: &Imitation) -> ObjectStore {
    ObjectStore::new(store.bucket("backups")).unwrap()
}

#[test]
fn an_object_is_written_read_and_deleted() {
    let store = Imitation::start();
    let client = client(&store);
    assert_eq!(client.get("a/b", soon()).unwrap(), None);
    client.put("a/b", b"content", soon()).unwrap();
    assert_eq!(client.get("a/b", soon()).unwrap().unwrap(), b"content");
    client.delete("a/b", soon()).unwrap();
    client.delete("a/b", soon()).unwrap();
    assert_eq!(client.get("a/b", soon()).unwrap(), None);
}

#[test]
fn a_bucket_that_is_not_there_is_no_absent_object() {
    let store = Imitation::start();
    let client = ObjectStore::new(store.bucket("other")).unwrap();
    let error = client.get("a", soon()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "read the object a: there is no bucket other"
    );
}

#[test]
fn a_404_that_does_not_name_the_key_is_no_absent_object() {
    let store = Imitation::start();
    store.refuse(&[("GET", 404, "NoSuchUpload")]);
    let error = client(&store).get("a", soon()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "read the object a: the object store answered 404 NoSuchUpload: the store says NoSuchUpload"
    );
}

#[test]
fn what_is_there_is_not_written_over() {
    let store = Imitation::start();
    let client = client(&store);
    assert_eq!(
        client.put_if_absent("a", b"first", soon()).unwrap(),
        Put::Written
    );
    assert_eq!(
        client.put_if_absent("a", b"second", soon()).unwrap(),
        Put::AlreadyThere
    );
    assert_eq!(client.get("a", soon()).unwrap().unwrap(), b"first");
}

#[test]
fn of_two_writers_at_once_one_learns_that_it_was_late() {
    let store = Imitation::start();
    store.refuse(&[("PUT", 412, "PreconditionFailed")]);
    let late = client(&store).put_if_absent("a", b"late", soon()).unwrap();
    assert_eq!(late, Put::AlreadyThere);
}

#[test]
fn a_listing_is_one_level_deep_and_turns_all_pages() {
    let store = Imitation::start();
    let client = client(&store);
    for key in ["r/a", "r/b", "r/c/1", "r/c/2", "r/d/1", "other"] {
        client.put(key, b"12345", soon()).unwrap();
    }
    let listing = client.list("r/", soon()).unwrap();
    assert_eq!(
        listing,
        Listing {
            objects: vec![("r/a".to_owned(), 5), ("r/b".to_owned(), 5)],
            prefixes: vec!["r/c/".to_owned(), "r/d/".to_owned()],
        }
    );
    assert_eq!(client.list("nothing/", soon()).unwrap(), Listing::default());
}

#[test]
fn who_is_silent_is_given_up_at_the_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bucket = Bucket {
        endpoint: format!("https://127.0.0.1:{port}"),
        ..Imitation::start().bucket("backups")
    };
    let deadline = Deadline::after(std::time::Duration::from_millis(300));
    let error = ObjectStore::new(bucket)
        .unwrap()
        .get("a", deadline)
        .unwrap_err();
    assert_eq!(
        error,
        ObjectStoreError::TimedOut {
            operation: "read the object a".to_owned()
        }
    );
    assert!(error.is_unreachable());
}

#[test]
fn debug_shows_no_secret_key() {
    let bucket = Imitation::start().bucket("backups");
    assert!(!format!("{bucket:?}").contains("secret\""));
}
