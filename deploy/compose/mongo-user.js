// Run once by the image on an empty data folder: the user the services connect as, who can do nothing but use their
// own database.
const { MONGO_DATABASE, MONGO_USER, MONGO_PASSWORD } = process.env;
db.getSiblingDB(MONGO_DATABASE).createUser({
  user: MONGO_USER,
  pwd: MONGO_PASSWORD,
  roles: [{ role: "readWrite", db: MONGO_DATABASE }],
});
